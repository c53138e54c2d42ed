"""Training of the lens `thermal_mobilenet`: see README.md here."""
