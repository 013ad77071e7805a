"""How the text in a cell becomes the text that a field takes, and what is noted of it."""
