"""What people look at: report.html and the small plots of Dagster's metadata."""
