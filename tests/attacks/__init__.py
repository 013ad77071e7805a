"""Attacks on the product as it is run: each module is a program that starts it, attacks it, and says what it bore.

`python -m tests.attacks.sockets` prints what answered and how quickly; its status is 1 where a bar is broken. A
new attack is a module beside it: `site.running` starts the product, `probes.Probes` ask it meanwhile.
"""
