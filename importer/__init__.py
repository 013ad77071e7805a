"""The application: settings, models, record types, reading, storage, control, pages, API and CLI.

What runs in RQ is in the package `jobs`; nothing here imports it.
"""

import os

from importer.config import redis_prefix

if prefix := redis_prefix(os.environ):
    os.environ["RQ_KEY_PREFIX"] = f"{prefix}rq"  # RQ reads it once, as it is imported
