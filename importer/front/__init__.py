"""What stands before the application in a web process: here connections wait, so that no thread has to."""
