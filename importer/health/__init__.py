"""What the product needs of Postgres, Redis, S3 and its own processes, and what is wrong with those at hand."""
