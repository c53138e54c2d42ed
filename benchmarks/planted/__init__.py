"""Parts of the benchmark of planted L1 faults."""
