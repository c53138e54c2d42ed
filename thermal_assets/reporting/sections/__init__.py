"""The sections of the report: each asks the warehouse and returns what its template shows."""
