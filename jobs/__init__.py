"""What runs in RQ: the dispatcher's slices, the row jobs and the worker that takes them in batches, recovery."""
