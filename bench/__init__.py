"""Measures the claims about speed on the machine at hand; `bin/bench` runs it."""
