"""Which months, stretches of time and places differ: the one rule that findings and report go by."""

from __future__ import annotations


def told_domains_sql(alpha: float | str, bound: float | str) -> str:
    """SELECT of the rows of domain_drift in force that differ: q and the smallest possible p at most ``alpha``, AUC at
    least ``bound`` (numbers or SQL).

    Of 'from' and 'period' the one with the smaller p: a change that stays makes the time before it a stretch that stands
    out as well. Months only in classes in which anything changes over time at all, by the q of those two: else twelve
    more questions a class would be asked, and each may be answered by chance. Those two hand whole days round; where a
    class was shot on too few days for that, months speak for themselves.
    """
    return f"""
        WITH certain AS (
            SELECT d.* FROM domain_drift d JOIN lenses l ON l.lens_id = d.lens_id AND l.in_force
            WHERE d.q_value <= {alpha} AND d.attainable_p <= {alpha}
        )
        SELECT * FROM certain
        WHERE auc >= {bound} AND (kind <> 'month' OR (class_name, level) IN (
            SELECT (class_name, level) FROM certain WHERE kind IN ('from', 'period')
        ) OR (class_name, level) NOT IN (
            SELECT (class_name, level) FROM domain_drift
            WHERE kind IN ('from', 'period') AND attainable_p <= {alpha} AND lens_id IN (
                SELECT lens_id FROM lenses WHERE in_force
            )
        ))
        QUALIFY kind NOT IN ('from', 'period') OR row_number() OVER (
            PARTITION BY class_name, level, kind IN ('from', 'period') ORDER BY p_value, auc DESC, kind
        ) = 1
    """
