"""The page: defects and why, rewrites with their evidence, before and after, a box to try it."""
