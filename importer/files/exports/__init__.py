"""Files that people download and send back: their columns, their cells, and how both are written and read."""
