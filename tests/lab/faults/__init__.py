"""Tests of `resay.lab.faults`."""
