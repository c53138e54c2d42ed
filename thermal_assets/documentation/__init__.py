"""Documentation that grows from the code: pages of tables, models, measures, definitions and assets under docs/."""
