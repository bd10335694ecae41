"""Dialogue logs to turns: sources, validation, landing. Knows nothing of what is learnt from them."""
