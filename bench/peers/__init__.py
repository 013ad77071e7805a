"""Job systems that run one job for each row, each as its own documentation sets it up for speed on two cores.

A module has `send(rows)`, which enqueues so many, and `WORKERS`, the commands that work them off.
"""
