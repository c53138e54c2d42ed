"""Reports in SQL: the models of dbt_like_reports/ and the queries of sql/."""
