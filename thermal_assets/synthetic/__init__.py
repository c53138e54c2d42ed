"""A sample data set with known faults: pseudo-colour thermal crops, drawn from scratch."""
