"""Planted cases of EVALUATION 2: small changes of a world, each with a check and a plain verdict."""
