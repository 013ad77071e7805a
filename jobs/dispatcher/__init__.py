"""From the file to `low`: what runs on the queue `high`."""
