"""What Redis holds: the RQ queues, the checkpoints, and the names of all keys."""
