"""What a file is and what its records are: pure functions over bytes, without database or network."""
