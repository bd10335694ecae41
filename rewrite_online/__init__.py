"""The rewrite for this utterance now, or none."""
