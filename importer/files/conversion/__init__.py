"""Turns into lines what cannot be read by byte offset where it lies: workbooks, archives, JSON, HTML, UTF-16."""
