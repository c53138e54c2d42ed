"""Measures of how the data set was collected: which files, sessions, distances and months it holds."""

from __future__ import annotations

from thermal_assets.scorecard.measure import Basis, Measure

# Below eight sessions a side no interval is given (statistics/resampling.py), so a class wants that many.
SESSIONS_WANTED = 8


def _inside_window(basis: Basis) -> str:
    if not basis.window_declared:
        return "SELECT NULL::DOUBLE AS value, 'the profile declares no collection window' AS reason"
    return """
        WITH dated AS (
            SELECT len(list_filter(token_problems, lambda p: starts_with(p, 'outside_window'))) = 0 AS inside
            FROM file_manifest WHERE captured_on IS NOT NULL
        )
        SELECT avg(inside::INTEGER) AS value,
               CASE WHEN count(*) = 0 THEN 'names carry no date' END AS reason
        FROM dated"""


COLLECTION = (
    Measure(
        "readable_files",
        "completeness",
        "Files that can be read",
        "A file that cannot be opened is an image that was paid for and is missing from training.",
        "decodable images / files seen",
        good=0.999,
        bad=0.95,
        bounds="a class that lost a twentieth of its pictures is no longer the class that was collected",
        query="""
            SELECT (SELECT count(*) FROM channel_stats) / nullif(count(*), 0) AS value,
                   CASE WHEN count(*) = 0 THEN 'no file has been seen yet' END AS reason
            FROM file_manifest""",
    ),
    Measure(
        "known_session",
        "completeness",
        "Files whose name tells the session",
        "Without date, site and session nobody can split the data honestly or say what is independent.",
        "files with date, site and session in their name / files seen",
        good=0.99,
        bad=0.5,
        bounds="from 1 % on comparisons rest on visibly other images; below half they rest on the smaller part",
        query="""
            SELECT CASE WHEN count(session_id) > 0 THEN count(session_id) / count(*) END AS value,
                   CASE WHEN count(session_id) = 0 THEN 'no name carries a session' END AS reason
            FROM file_manifest""",
    ),
    Measure(
        "class_balance",
        "balance",
        "Evenness of class sizes",
        "Uneven classes teach a model to prefer the large ones.",
        "1 - divergence(class shares from equal shares) / ln(classes), the Kullback-Leibler divergence; 1 = all equal",
        good=0.9,
        bad=0.65,
        bounds="twenty classes whose sizes are spread evenly (on a log scale) from 1 to 10 have 0.93, from 1 to 100 "
        "0.79, from 1 to 1,000 0.67",
        iso_code="Bal-ML-8",
        query="""
            WITH shares AS (
                SELECT image_count / nullif(sum(image_count) OVER (), 0) AS p FROM classes
            )
            SELECT CASE WHEN count(p) > 1 THEN -sum(p * ln(p)) FILTER (WHERE p > 0) / ln(count(p)) END AS value,
                   CASE WHEN count(p) < 2 THEN 'fewer than two classes, or no image yet' END AS reason
            FROM shares""",
    ),
    Measure(
        "enough_sessions",
        "diversity",
        "Classes from enough sessions",
        "A class from one or two sessions shows one day's weather and one piece of equipment.",
        f"classes with images of at least {SESSIONS_WANTED} sessions / classes",
        good=1.0,
        bad=0.5,
        bounds=f"below {SESSIONS_WANTED} sessions a side no interval can be given",
        query=f"""
            WITH per_class AS (
                SELECT c.class_name, count(DISTINCT f.session_id) AS sessions
                FROM class_catalog c LEFT JOIN file_manifest f USING (class_name) GROUP BY c.class_name
            )
            SELECT CASE WHEN max(sessions) > 0
                        THEN count(*) FILTER (WHERE sessions >= {SESSIONS_WANTED}) / count(*) END AS value,
                   CASE WHEN coalesce(max(sessions), 0) = 0 THEN 'no name carries a session' END AS reason
            FROM per_class""",
    ),
    Measure(
        "several_distances",
        "diversity",
        "Classes seen from several distances",
        "A class seen from one distance only may be recognised by its size in the picture.",
        "classes with images at two or more distances / classes",
        good=1.0,
        bad=0.5,
        bounds="one distance tells nothing about another; half of the classes is the point where most are like that",
        query="""
            WITH per_class AS (
                SELECT c.class_name, count(DISTINCT f.distance_m) AS distances
                FROM class_catalog c LEFT JOIN file_manifest f USING (class_name) GROUP BY c.class_name
            )
            SELECT CASE WHEN max(distances) > 0
                        THEN count(*) FILTER (WHERE distances >= 2) / count(*) END AS value,
                   CASE WHEN coalesce(max(distances), 0) = 0 THEN 'no name carries a distance' END AS reason
            FROM per_class""",
    ),
    Measure(
        "shared_distances",
        "representativeness",
        "Normal and anomaly seen from the same distances",
        "Where only one of the two was photographed, a model can tell them apart by the distance.",
        "images of paired classes at a distance that normal and anomaly share / images of paired classes with a distance",
        good=0.9,
        bad=0.5,
        bounds="a tenth without counterpart still leaves the comparison whole; with half it is no comparison",
        query="""
            WITH known AS (
                SELECT c.pair, c.state, f.distance_m,
                       count(DISTINCT c.state) OVER (PARTITION BY c.pair) AS states
                FROM file_manifest f JOIN class_catalog c USING (class_name)
                WHERE c.pair IS NOT NULL AND c.state IS NOT NULL AND f.distance_m IS NOT NULL
            ), places AS (
                SELECT count(*) AS images, count(DISTINCT state) = 2 AS shared
                FROM known WHERE states = 2 GROUP BY pair, distance_m
            )
            SELECT sum(images) FILTER (WHERE shared) / sum(images) AS value,
                   CASE WHEN count(*) = 0
                        THEN 'no pair of a normal and an anomaly class whose names carry distances' END AS reason
            FROM places""",
    ),
    Measure(
        "months_covered",
        "representativeness",
        "Classes spread over the collection",
        "A class from one month of many can be told by the season instead of by the object.",
        "mean over classes of: months with images of the class / months of the data set",
        good=0.8,
        bad=0.4,
        bounds="four months of five; below two of five a class misses most of the collection",
        query="""
            WITH months AS (
                SELECT DISTINCT class_name, strftime(captured_on, '%Y-%m') AS month
                FROM file_manifest WHERE captured_on IS NOT NULL
            ), per_class AS (
                SELECT c.class_name, count(m.month) AS months
                FROM class_catalog c LEFT JOIN months m USING (class_name) GROUP BY c.class_name
            ), whole AS (
                SELECT count(DISTINCT month) AS months FROM months
            )
            SELECT CASE WHEN any_value(w.months) > 1 THEN avg(p.months) / any_value(w.months) END AS value,
                   CASE WHEN coalesce(any_value(w.months), 0) = 0 THEN 'names carry no date'
                        WHEN any_value(w.months) = 1 THEN 'the whole data set is of one month' END AS reason
            FROM per_class p CROSS JOIN whole w""",
    ),
    Measure(
        "accounted_for",
        "auditability",
        "Files the diagnosis accounts for",
        "Every number can be followed back to a file and a run only where the file was read and its class is measured.",
        "files with a decoded picture or a stated problem, in a class measured in its present state / files seen",
        good=1.0,
        bad=0.95,
        bounds="nothing may be lost silently: any file short of all is worth a look",
        query="""
            WITH measured AS (
                SELECT m.partition
                FROM asset_versions m
                JOIN asset_versions v ON v.partition = m.partition AND v.manifest_version = m.version
                WHERE m.asset = 'file_manifest' AND v.asset IN ('channel_stats', 'class_densities', 'class_outliers')
                GROUP BY m.partition HAVING count(*) = 3
            )
            SELECT count(*) FILTER (
                       WHERE c.partition_key IN (SELECT partition FROM measured)
                         AND (s.image_id IS NOT NULL OR f.image_id IN (SELECT image_id FROM image_problems))
                   ) / nullif(count(*), 0) AS value,
                   CASE WHEN count(*) = 0 THEN 'no file has been seen yet' END AS reason
            FROM file_manifest f
            LEFT JOIN class_catalog c ON c.class_name = f.class_name
            LEFT JOIN channel_stats s ON s.image_key = f.image_key""",
    ),
    Measure(
        "inside_window",
        "currentness",
        "Images from the declared collection window",
        "A date outside the declared window is a wrong date, or a picture of another age than the data set claims.",
        "dated files inside the window that the profile declares / dated files",
        good=0.999,
        bad=0.95,
        bounds="dates come from the camera, so one in a thousand is already a sign; a twentieth is another collection",
        query=_inside_window,
    ),
)
