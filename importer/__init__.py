"""The application: settings, models, record types, reading, storage, control, pages, API and CLI.

What runs in RQ is in the package `jobs`; nothing here imports it.
"""
