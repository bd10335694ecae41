"""Benchmarks: what `resay bench` scores and times, one figure-giving thing a file. Needed by no other part."""
