-- Which findings are new, closed, graver or milder since the diagnosis before, and since when is each known?
-- same_rules false: thresholds changed in between, so a change may come from judging alone. Empty after a first diagnosis.
-- Runs on published.duckdb and on warehouse.duckdb.
-- param unchanged: true = also the findings that are as they were
SET VARIABLE unchanged = false;

SELECT change, severity, severity_before, status, class_name, title, affected_before, affected_images, first_seen,
       judged_before, same_rules, finding_id
FROM finding_changes
WHERE change <> 'unchanged' OR getvariable('unchanged')
ORDER BY list_position(['new', 'back', 'open again', 'graver', 'more images', 'milder', 'fewer images', 'waived',
                        'closed', 'unchanged'], change),
         list_position(['HIGH', 'MEDIUM', 'LOW'], severity), affected_images DESC, finding_id;
