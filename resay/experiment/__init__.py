"""Does it help? Pure arithmetic: no I/O, no heavy library."""
