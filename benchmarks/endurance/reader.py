"""A person's reader of published.duckdb in a process of its own: queries in a loop until a file appears.

    python -m benchmarks.endurance.reader HOME STOP_FILE [--keep-open]

Opens the file anew for every round, or keeps the connection of the beginning open all along. In each
round every count has to reconcile with every other. Prints one JSON object at its end.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from pathlib import Path

import duckdb

# Each query counts rows that contradict another table; the answer has to be zero.
CONTRADICTIONS = {
    "files neither measured nor explained": """
        SELECT count(*) FROM (
            SELECT class_name, count(*) AS files FROM file_manifest GROUP BY 1
        ) JOIN (
            SELECT class_name, sum(n) AS told FROM (
                SELECT class_name, count(*) AS n FROM channel_stats GROUP BY 1
                UNION ALL
                SELECT class_name, count(DISTINCT image_id) FROM image_problems p
                WHERE NOT EXISTS (FROM channel_stats s WHERE s.image_id = p.image_id) GROUP BY 1
            ) GROUP BY 1
        ) USING (class_name) WHERE files <> told""",
    "images without a density in their class": """
        SELECT count(*) FROM channel_stats s LEFT JOIN (
            SELECT image_id, count(*) AS n FROM densities WHERE scope = 'class' GROUP BY 1
        ) d USING (image_id) WHERE coalesce(n, 0) <> 2""",
    "images without a density in the data set": """
        SELECT count(*) FROM channel_stats s LEFT JOIN (
            SELECT image_id, count(*) AS n FROM densities WHERE scope = 'dataset' GROUP BY 1
        ) d USING (image_id) WHERE coalesce(n, 0) <> 2""",
    "densities of images that are not there": """
        SELECT count(*) FROM densities d ANTI JOIN channel_stats s USING (image_id)""",
    "images whose neighbours are not there": """
        SELECT count(*) FROM class_neighbors n, unnest(n.neighbor_keys) AS k(neighbor_key)
        WHERE NOT EXISTS (FROM file_manifest f WHERE f.image_key = k.neighbor_key)""",
    "outliers of images that are not there": """
        SELECT count(*) FROM outliers o ANTI JOIN channel_stats s USING (image_id)""",
    "duplicates of images that are not there": """
        SELECT count(*) FROM duplicates d ANTI JOIN file_manifest f USING (image_id)""",
    "classes whose image count is another": """
        SELECT count(*) FROM classes c LEFT JOIN (
            SELECT class_name, count(*) AS n FROM channel_stats GROUP BY 1
        ) USING (class_name) WHERE c.image_count <> coalesce(n, 0)""",
    "rows of two lenses of one level": """
        SELECT count(*) - count(DISTINCT level) FROM lenses WHERE in_force""",
    "findings of classes that are not there": """
        SELECT count(*) FROM findings f WHERE class_name IS NOT NULL
        AND NOT EXISTS (FROM class_catalog c WHERE c.class_name = f.class_name)""",
}
_TOTALS = (
    "SELECT (SELECT count(*) FROM file_manifest), (SELECT count(*) FROM densities), (SELECT count(*) FROM findings)"
)
_PUBLISHED = "SELECT epoch_us(max(published_at)) FROM publication"


def contradictions(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What contradicts itself in the copy that ``connection`` has open: name -> count, zeros left out."""
    connection.execute("BEGIN TRANSACTION READ ONLY")
    counts = {name: connection.execute(query).fetchall()[0][0] for name, query in CONTRADICTIONS.items()}
    connection.execute("COMMIT")
    return {name: int(count) for name, count in counts.items() if count}


def read(home: Path, stop: Path, keep_open: bool) -> dict[str, object]:
    """Read in a loop until ``stop`` exists; with ``keep_open`` through the one connection of the beginning."""
    path = home / "published.duckdb"
    # A process that has the file open would be given the same copy again: the two ways need two processes.
    kept = duckdb.connect(str(path), read_only=True) if keep_open else None
    totals = kept.execute(_TOTALS).fetchall() if kept else []
    found: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    publications: set[int] = set()
    rounds = queries = moved = 0
    slowest = 0.0
    while not stop.exists():
        started = time.monotonic()
        try:
            connection = kept or duckdb.connect(str(path), read_only=True)
            try:
                publications.add(connection.execute(_PUBLISHED).fetchall()[0][0])
                found.update(contradictions(connection))
                moved += keep_open and connection.execute(_TOTALS).fetchall() != totals
            finally:
                if not keep_open:
                    connection.close()
        except duckdb.Error as error:
            errors[str(error).splitlines()[0]] += 1
        queries += len(CONTRADICTIONS) + 1 + keep_open
        rounds += 1
        slowest = max(slowest, time.monotonic() - started)
        time.sleep(0.05)
    return {
        "rounds": rounds,
        "queries": queries,
        "publications": len(publications),
        "contradictions": dict(found),
        "errors": dict(errors),
        "moved": moved,
        "slowest_round_seconds": round(slowest, 2),
    }


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]), Path(sys.argv[2]), "--keep-open" in sys.argv[3:])))
