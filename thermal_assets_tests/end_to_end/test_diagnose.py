"""``thermal-assets diagnose`` on the sample data set: everything accounted for, nothing done twice."""

from __future__ import annotations

import duckdb

from thermal_assets.reports_sql.queries import list_queries
from thermal_assets.warehouse.contract import TABLES
from thermal_assets_tests.end_to_end.conftest import Sample
from thermal_assets_tests.end_to_end.homes import in_this_process, query, thermal_assets
from thermal_assets_tests.end_to_end.test_readme import code_blocks


def test_every_file_is_used_or_explained(sample: Sample) -> None:
    on_disk = sum(1 for path in sample.images.rglob("*") if path.is_file())
    ((files, images, unreadable, unexplained, strays),) = query(
        sample.home,
        """
        SELECT (SELECT count(*) FROM file_manifest), (SELECT count(*) FROM channel_stats),
               (SELECT count(*) FROM file_manifest ANTI JOIN channel_stats USING (image_id)),
               (SELECT count(*) FROM file_manifest ANTI JOIN channel_stats USING (image_id)
                ANTI JOIN image_problems USING (image_id)),
               (SELECT count(*) FROM stray_files)
        """,
    )
    assert files + strays == on_disk
    assert files == images + unreadable
    assert unreadable >= 4  # the planted ones
    assert unexplained == 0


def test_every_readable_image_goes_all_the_way(sample: Sample) -> None:
    counts = query(
        sample.home,
        """
        SELECT (SELECT count(*) FROM channel_stats), (SELECT count(*) FROM l2_embeddings),
               (SELECT count(*) FROM l3_projection), (SELECT count(*) / 2 FROM class_densities),
               (SELECT count(*) / 2 FROM dataset_densities), (SELECT count(*) / 3 FROM dataset_neighbors)
        """,
    )[0]
    assert len(set(counts)) == 1


def test_every_row_names_a_lens_in_force_and_random_weights_are_said_everywhere(sample: Sample) -> None:
    in_force = {lens for (lens,) in query(sample.home, "SELECT lens_id FROM lenses WHERE in_force")}
    assert len(in_force) == 2
    for table in TABLES.values():
        if "lens_id" in table.column_names and table.name not in {"lenses", "asset_versions"}:
            assert {lens for (lens,) in query(sample.home, f"SELECT DISTINCT lens_id FROM {table.name}")} <= in_force
    assert query(sample.home, "SELECT random_weights FROM lenses WHERE level = 'L2'") == [(True,)]
    assert "random weights" in sample.output
    assert "random weights" in (sample.home / "report.html").read_text()


def test_the_printed_findings_are_those_of_the_table(sample: Sample) -> None:
    titles = [
        title
        for (title,) in query(sample.home, "SELECT title FROM findings WHERE status = 'open' ORDER BY rank LIMIT 3")
    ]
    assert titles
    assert all(title in sample.output for title in titles)


def test_planted_faults_of_files_and_names_are_found(sample: Sample) -> None:
    detectors = {name for (name,) in query(sample.home, "SELECT DISTINCT detector FROM findings")}
    assert {"unreadable_files", "two_labels_one_picture", "channel_mix", "random_lens"} <= detectors


def test_every_finding_shows_its_evidence(sample: Sample) -> None:
    for finding_id, sql in query(sample.home, "SELECT finding_id, evidence_sql FROM findings"):
        assert query(sample.home, sql), finding_id


def test_a_second_call_decodes_nothing_and_changes_nothing(sample: Sample) -> None:
    # Gates judge the age of the diagnosis too, so they are judged every time.
    kept = "SELECT asset, partition, version, rows FROM asset_versions WHERE asset <> 'gate_results' ORDER BY ALL"
    before = query(sample.home, kept)
    last = query(sample.home, "SELECT max(started_at) FROM run_log")[0][0]
    thermal_assets("diagnose", sample.images, "--home", sample.home)
    again = query(
        sample.home,
        f"SELECT asset, status, rows_written FROM run_log WHERE started_at > '{last}' "
        "AND (status <> 'unchanged' OR rows_written > 0) AND asset NOT IN ('file_manifest', 'image_classes', 'gate_results')",
    )
    assert again == []
    assert query(sample.home, kept) == before


def test_published_copy_answers_every_query_of_the_sql_folder(sample: Sample) -> None:
    reader = duckdb.connect(str(sample.home / "published.duckdb"), read_only=True)  # open, as a person's shell would be
    try:
        first, *others = list_queries()
        assert thermal_assets("sql", first.name, "--home", sample.home).stdout.strip()
        for item in others:
            done = in_this_process("sql", item.name, "--home", sample.home)
            assert (done.returncode, bool(done.stdout.strip())) == (0, True), item.name
        assert reader.sql("SELECT count(*) FROM class_overview").fetchall() == [(8,)]
    finally:
        reader.close()


def test_every_query_of_the_readme_runs_on_the_published_copy_and_no_file_is_unexplained(sample: Sample) -> None:
    (block,) = code_blocks("sql")
    connection = duckdb.connect(str(sample.home / "published.duckdb"), read_only=True)
    try:
        results = [connection.sql(query).fetchall() for query in block.split(";") if query.strip()]
    finally:
        connection.close()
    assert len(results) == 4
    assert len(results[2]) == 10
    assert results[3][0][2] == 0
