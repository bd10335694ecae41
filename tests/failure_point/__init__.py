"""Tests of `failure_point`."""
