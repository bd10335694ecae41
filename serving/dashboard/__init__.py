"""The page: defects and why, rewrites with their evidence, whether it helps, a box to try it."""
