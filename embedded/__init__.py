"""What the demo and the tests run on: an embedded Postgres, Valkey and S3, and the demo itself.

`processes` starts a program so that it ends with the one that started it, `launch` is the small program that
makes it so. `server` is what `postgres`, `valkey` and `s3` have in common, `servers` is the three together. `demo`
shows the whole product on them; `leftovers` ends what a killed demo would leave behind.
Nothing of the product imports from here.
"""
