"""What do customers end up saying? Mines, verifies and publishes rewrites."""
