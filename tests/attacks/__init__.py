"""Attacks on the running product, as programs that anyone can run: status 1 where a bar is broken."""
