"""What the claims about speed rest on: `bin/bench` measures them on the machine at hand."""
