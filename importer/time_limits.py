"""Every time limit that stands in a relation to another one; `tests/unit/test_time_limits.py` holds them to it.

A wait that concerns one module alone is in that module.
"""

from __future__ import annotations

# Signs of life

ALIVE_SECONDS = 30
"""A dispatcher or worker that has not reported for so long counts as dead. It does not report while at work."""

WORKER_KEY_SECONDS = 60
"""A minute more than this after its last report RQ forgets a worker: not before it counts as dead."""

BETWEEN_RQ_SECONDS = 2.0
"""A worker claims by itself for so long before RQ's loop has its turn, with recovery and its report."""

MAX_BACKOFF_SECONDS = 5.0
"""The longest wait after an error before the next try. Whoever waits still counts as alive."""

# Answers of Redis and S3

REDIS_ANSWER_SECONDS = 15
"""A silent connection of a dispatcher or worker counts as broken after so long. A wait for a job is shorter."""

S3_CONNECT_SECONDS = 5
"""The longest wait for a connection to S3. boto3 tries a request three times."""

S3_READ_SECONDS = 20
"""The longest wait for the next bytes from S3. boto3 tries a request three times, reading a body once."""

# Rows and batches: whatever waits inside gives up before the lease around it lapses

LOCK_SECONDS = 10
"""Postgres ends a statement that waits so long for one lock."""

STATEMENT_SECONDS = 15
"""Postgres ends a statement that takes so long; Python's alarm signal does not interrupt psycopg2."""

IDLE_IN_TRANSACTION_SECONDS = 15
"""Postgres ends a session that idles in a transaction: a frozen worker keeps no lock for longer than a claim."""

CLAIM_LEASE_SECONDS = 20
"""A worker that holds a claim for longer counts as dead, and its rows go to others."""

SETBACKS_REMEMBERED_SECONDS = 3600
"""A row whose worker died, or that took too long, runs alone if its turn comes within so long after the last such
row. One that waits longer runs with its neighbours: another death or timeout tells them apart again."""

ROW_BY_ROW_SECONDS = 2.0
"""A batch whose rows are saved one by one begins no further row after so long, and commits what it has."""

MAX_ROW_TIMEOUT_SECONDS = 12
"""The most that ROW_TIMEOUT may be: a row that computes is given up before Postgres ends its idle transaction, and
the row begun last leaves its batch time to commit within the lease."""

CHECK_SECONDS = 3.0
"""The longest that the check of one row may take, and of all rows that are checked together."""

MAX_BATCH_SECONDS = STATEMENT_SECONDS - LOCK_SECONDS
"""The most that BATCH_SECONDS may be: the one statement that saves a batch may first have to wait for a lock."""

# The dispatcher

DISPATCHER_LEASE_SECONDS = 5
"""A dispatcher that neither pushes nor waits for so long counts as dead. One that is only slow gets a twin, which
costs a little and changes nothing."""

REPAIR_PORTION_SECONDS = 1.0
"""A portion of a repair takes up no further row after so long; its statements follow, within the lease."""

SLICE_SETBACK_SECONDS = 2.0
"""A slice that met an error waits so long before it enqueues the next. Its lease lasts longer."""

MAX_SLICE_SECONDS = ALIVE_SECONDS - S3_READ_SECONDS - SLICE_SETBACK_SECONDS
"""The most that SLICE_SECONDS may be: if S3 falls silent as a slice ends, its dispatcher still counts as alive."""

SLICE_TIMEOUT_SECONDS = 600
"""RQ keeps for so long that a slice is at work. Only a worker of RQ's own would end the slice then."""

# The converter

CONVERSION_TIMEOUT_SECONDS = 2 * 3600
"""A conversion that takes so long is ended, and its import stopped. A million rows take a minute or so."""

CONVERTER_LOOK_SECONDS = 1.0
"""A converter looks so often at the process that converts, and renews its lease."""

CONVERTER_LEASE_SECONDS = 10
"""A conversion whose converter has not said for so long that it lives begins anew."""

# Recovery and the doctor

MAIL_SECONDS = 10
"""A try to send a mail takes no longer; after that the claim on it still holds for most of a minute."""

RECOVERY_SECONDS = 2
"""An idle process does recovery so often, and waits for a job no longer than that."""

RECOVERY_TURN_MILLISECONDS = 1_500
"""For so long a pass of recovery counts for all processes. It is over by the next pass of the same process."""

STALL_REMEMBERED_SECONDS = 60
"""Recovery remembers for so long how many rows had ended. The next pass of a busy worker comes sooner."""

RETRY_GRACE_SECONDS = 5
"""Recovery leaves a retry for so long to the dispatcher that was enqueued for it."""

DOCTOR_LOOKS_SECONDS = 3.0
"""Between the doctor's two looks. Recovery has had a pass by the second."""

DOCTOR_GRACE_SECONDS = 60
"""Only what recovery has left undone for so long is wrong."""

DOCTOR_DELETES_SECONDS = 60
"""So long the doctor deletes what an import has left; of a deleted one recovery goes on with the rest."""

# Clients of a web process

HEADER_SECONDS = 10.0
"""A request's header must be whole so long after its connection was made, or was ready for the next request."""

BODY_SECONDS = 60.0
"""A client that moves too few bytes of a body, or of an answer, in such a time has gone, or means no good. A phone
may be out of reach for as long."""

PLACE_SECONDS = 20.0
"""An upload that finds all places taken waits so long for one. Heroku's router gives up after 30."""

LINGER_SECONDS = 10.0
"""A connection that is answered is read on for so long: a browser reads no answer while it is still sending."""

# Uploads

UPLOAD_REPORT_SECONDS = 10.0
"""An upload says so often in the database that it runs."""

STALE_UPLOAD_SECONDS = 15 * 60
"""An upload that has not said so for so long broke off. One that waits for its client or for S3 says so sooner."""
