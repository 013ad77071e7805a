"""From `low` to the database: what a worker does with row jobs."""
