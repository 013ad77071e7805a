"""What runs in RQ: the dispatcher's slices, the row jobs and the worker that takes them in batches, recovery."""

import importer.config  # noqa: F401  # before RQ, which takes the prefix of its keys from the environment
