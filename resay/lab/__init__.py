"""A closed world in which the truth is known."""
