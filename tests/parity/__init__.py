"""Contract tests: whatever implements a Protocol runs the same suite."""
