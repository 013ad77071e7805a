"""Files: converting on `default` those that cannot be read where they lie, each in a process of its own."""
