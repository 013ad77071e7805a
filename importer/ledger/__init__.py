"""Which rows have ended, which of them failed and why, and the counters that follow from both."""
