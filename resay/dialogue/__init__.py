"""What is talked about: turns, sessions, labels and rewrites. Plain Python, no I/O, no heavy library."""
