"""Public labelled data sets, one corpus a file. Read for benchmarks, never needed by the product."""
