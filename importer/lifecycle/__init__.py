"""What moves an import on: its status, its dispatcher, and the clean-up when it has ended."""
