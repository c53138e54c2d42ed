"""Views over the books that are only appended to."""

from __future__ import annotations

from thermal_assets.warehouse.schema import View, column

FINDING_CHANGES = View(
    "finding_changes",
    "One row per finding of the last two diagnoses: what is new, closed or different. Empty after the first diagnosis.",
    (
        column("finding_id", "", "Detector and subject; stable between runs"),
        column(
            "change",
            "",
            "'new'; 'back' (it had been closed); 'closed' (no longer found); 'waived'; 'open again' (its waiver ended); "
            "'graver' or 'milder' (other severity); 'more images' or 'fewer images'; 'unchanged'",
        ),
        column("severity", "", "Severity now; for a closed finding the last one"),
        column("severity_before", "", "Severity in the diagnosis before; NULL where it was not there"),
        column("status", "", "'open' or 'waived'; NULL for a closed finding"),
        column("class_name", "", "Class concerned; NULL for the whole data set"),
        column("title", "", "A few words"),
        column("affected_images", "", "Images concerned now; 0 for a closed finding"),
        column("affected_before", "", "Images concerned in the diagnosis before; NULL where it was not there"),
        column("first_seen", "", "When a diagnosis of this home first had it"),
        column("judged_at", "", "When the last diagnosis was judged"),
        column("judged_before", "", "When the diagnosis before was judged"),
        column(
            "same_rules",
            "",
            "False: thresholds or the program's rules changed between the two, so a change may come from judging alone",
        ),
    ),
    # The counts of open findings are written by every diagnosis, also by one that finds nothing.
    """
    WITH runs AS (
        SELECT run_id, max(measured_at) AS judged_at, row_number() OVER (ORDER BY max(measured_at) DESC, run_id) AS age
        FROM metric_history WHERE metric = 'open_findings_HIGH' GROUP BY run_id
    ), latest AS (
        SELECT h.* FROM finding_history h JOIN runs r ON r.run_id = h.run_id AND r.age = 1
    ), previous AS (
        SELECT h.* FROM finding_history h JOIN runs r ON r.run_id = h.run_id AND r.age = 2
    ), seen AS (
        SELECT finding_id, min(judged_at) AS first_seen FROM finding_history GROUP BY finding_id
    ), rules AS (
        SELECT count(DISTINCT l.code_version || json_extract_string(l.parameters, '$.thresholds')) <= 1 AS same
        FROM run_log l JOIN runs r ON r.run_id = l.run_id AND r.age <= 2
        WHERE l.asset = 'findings' AND l.status = 'written'
    ), compared AS (
        SELECT coalesce(l.finding_id, p.finding_id) AS finding_id, l.run_id IS NOT NULL AS now_there,
               p.run_id IS NOT NULL AS was_there, l.severity AS severity_now, p.severity AS severity_before,
               l.status AS status_now, p.status AS status_before, coalesce(l.class_name, p.class_name) AS class_name,
               coalesce(l.title, p.title) AS title, coalesce(l.affected_images, 0) AS affected_images,
               p.affected_images AS affected_before
        FROM latest l FULL JOIN previous p ON p.finding_id = l.finding_id
    )
    SELECT c.finding_id,
           CASE WHEN NOT c.now_there THEN 'closed'
                WHEN NOT c.was_there THEN CASE WHEN s.first_seen < p.judged_at THEN 'back' ELSE 'new' END
                WHEN c.status_now = 'waived' AND c.status_before <> 'waived' THEN 'waived'
                WHEN c.status_now <> 'waived' AND c.status_before = 'waived' THEN 'open again'
                WHEN list_position(['HIGH', 'MEDIUM', 'LOW'], c.severity_now)
                     < list_position(['HIGH', 'MEDIUM', 'LOW'], c.severity_before) THEN 'graver'
                WHEN c.severity_now <> c.severity_before THEN 'milder'
                WHEN c.affected_images > c.affected_before THEN 'more images'
                WHEN c.affected_images < c.affected_before THEN 'fewer images'
                ELSE 'unchanged' END AS change,
           coalesce(c.severity_now, c.severity_before) AS severity, c.severity_before, c.status_now AS status,
           c.class_name, c.title, c.affected_images, c.affected_before, s.first_seen,
           n.judged_at, p.judged_at AS judged_before, r.same AS same_rules
    FROM compared c
    JOIN seen s ON s.finding_id = c.finding_id
    JOIN runs n ON n.age = 1
    JOIN runs p ON p.age = 2
    CROSS JOIN rules r
    """,
    reads=("finding_history", "metric_history"),
)

HISTORY_VIEWS = (FINDING_CHANGES,)
