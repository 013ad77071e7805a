"""What can be done with imports and accounts; pages, API and CLI call these functions and nothing below them."""
