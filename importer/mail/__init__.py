"""Mails as texts, and the servers that take them; nothing here knows the database."""
