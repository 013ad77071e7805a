"""Uploaded files in S3: writing them as a stream, reading them from any byte on."""
