"""Sessions whose second tries are known: made from a world's simulated homes and from texts, for training and scoring detectors."""
