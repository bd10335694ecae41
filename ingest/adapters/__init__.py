"""Other systems' records as turn parts: one file a system, pure functions, no I/O."""
