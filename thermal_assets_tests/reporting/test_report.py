"""The report as a person meets it: whole, offline, safe to open, never silent about what is missing."""

from __future__ import annotations

import itertools
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from thermal_assets.errors import UserError
from thermal_assets.findings.thresholds import Thresholds
from thermal_assets.manifest.identity import path_of
from thermal_assets.reporting.report import write_report
from thermal_assets.scorecard.card import measure_all, scorecard_frame
from thermal_assets.scorecard.measure import Basis
from thermal_assets.scorecard.settings import ScorecardSettings
from thermal_assets.warehouse.ddl import create_schema
from thermal_assets_tests.reporting.conftest import ANOMALY, NORMAL, Filled, context
from thermal_assets_tests.reporting.pages import Page

SECTIONS = [
    "findings",
    "decisions",
    "changes",
    "scorecard",
    "images",
    "density",
    "alone",
    "map",
    "neighbors",
    "separation",
    "drift",
    "labels",
    "audits",
    "numbers",
]
SANDBOX = ("--no-sandbox", "--disable-gpu")


def write(filled: Filled, output: Path, **changed: object) -> Page:
    with filled.connect() as connection:
        summary = write_report(
            connection, image_root=filled.image_root, output=output, title="Test & set", context=context(**changed)
        )
    assert summary.bytes == output.stat().st_size
    return Page(output)


def test_page_asks_the_network_for_nothing(fill: Callable[..., Filled], tmp_path: Path) -> None:
    page = write(fill(), tmp_path / "report.html")
    assert not [
        tag for tag, _ in page.elements if tag in ("link", "iframe", "object", "embed", "base", "form", "video")
    ]
    for _, attributes in page.elements:
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert not {"srcset", "poster", "background"} & attributes.keys()
        assert "url(" not in attributes.get("style", "").replace("url(#", "")
    style = re.findall(r"<style>(.*?)</style>", page.source, flags=re.S)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]
    policies = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none'; img-src data:;")


def test_hostile_names_are_text(fill: Callable[..., Filled], tmp_path: Path) -> None:
    page = write(fill(), tmp_path / "report.html", missing_classes=["<u>late</u>"], warnings=["<u>careful</u>"])
    assert len(page.all("script")) == 1
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]
    assert not page.all("u")
    assert NORMAL in page.text
    # The mark that turns the direction of text is shown by its number instead of doing so.
    assert ANOMALY.replace("\u202e", "‹U+202E›") in page.text
    assert "\u202e" not in page.source
    assert "<u>late</u>" in page.text
    assert "An <img src=x> odd image" in page.text
    assert "gone/<b>ghost</b>.png" in page.text
    assert page.unbalanced == []


def test_evidence_is_shown_as_it_runs(fill: Callable[..., Filled], tmp_path: Path) -> None:
    page = write(fill(), tmp_path / "report.html")
    assert ("code", "SELECT '<x>' AS y\nFROM densities -- & more") in page.texts


def test_page_can_be_read_without_eyes_and_mouse(fill: Callable[..., Filled], tmp_path: Path) -> None:
    page = write(fill(), tmp_path / "report.html")
    assert all("alt" in image for image in page.all("img"))
    charts = [svg for svg in page.all("svg") if svg.get("class") == "chart"]
    assert len(charts) >= 6
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(page.all("table")) == len(page.all("caption")) > 5
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert [name for name, times in ids.items() if times > 1] == []
    links = [attributes["href"] for attributes in page.all("a")]
    assert {link[1:] for link in links} <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_empty_tables_say_why(tmp_path: Path) -> None:
    connection = duckdb.connect()
    create_schema(connection)
    output = tmp_path / "report.html"
    write_report(connection, image_root=tmp_path, output=output, title="Empty", context=context())
    page = Page(output)
    assert {attributes.get("id") for attributes in page.all("section")} == set(SECTIONS)
    reasons = [attributes for attributes in page.all("p") if attributes.get("class") == "empty"]
    assert len(reasons) >= 15
    assert "Names carry no distance." in page.text
    assert "None" not in page.text
    assert page.unbalanced == []


def test_findings_come_before_everything_else(fill: Callable[..., Filled], tmp_path: Path) -> None:
    page = write(fill(), tmp_path / "report.html")
    assert [attributes.get("id") for attributes in page.all("section")] == SECTIONS
    assert "▲ HIGH" in page.text


@pytest.mark.parametrize("random_weights", [True, False])
def test_untrained_lens_is_said_loudly(fill: Callable[..., Filled], tmp_path: Path, random_weights: bool) -> None:
    page = write(fill(random_weights=random_weights), tmp_path / "report.html")
    alerts = [attributes for attributes in page.all("div") if attributes.get("role") == "alert"]
    # The retired lens of the fixture is untrained too: only lenses in force count.
    assert len(alerts) == random_weights
    assert ("The lens has random weights." in page.text) == random_weights


def test_missing_files_leave_a_box_with_their_name(fill: Callable[..., Filled], tmp_path: Path) -> None:
    filled = fill()
    path_of(filled.image_root, filled.odd).unlink()
    page = write(filled, tmp_path / "report.html")
    assert "not there any more" in page.text
    assert filled.odd.replace("\u202e", "‹U+202E›") in page.text
    shutil.rmtree(filled.image_root)
    bare = write(filled, tmp_path / "bare.html")
    # Mean and std images live in the warehouse and stay.
    assert {image["alt"].split(" image")[0] for image in bare.all("img")} == {"Mean", "Standard-deviation"}


def test_file_stays_small_and_images_untouched(fill: Callable[..., Filled], tmp_path: Path) -> None:
    filled = fill()
    before = {path: path.stat() for path in filled.image_root.rglob("*.png")}
    write(filled, tmp_path / "out" / "report.html")
    assert (tmp_path / "out" / "report.html").stat().st_size < 1_500_000
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    assert all(path.stat().st_mtime_ns == stat.st_mtime_ns for path, stat in before.items())


def test_unwritable_output_is_one_clear_line(fill: Callable[..., Filled], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write(fill(), tmp_path / "file" / "report.html")


def test_browser_shows_it_on_a_phone_without_sideways_scrolling(fill: Callable[..., Filled], tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium")
    write(fill(), tmp_path / "report.html")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=list(SANDBOX))
        page = browser.new_page(viewport={"width": 360, "height": 780})
        asked, errors = [], []
        page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((tmp_path / "report.html").as_uri(), wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        tile = page.locator(".tile[tabindex='0']").first
        tile.focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("dialog").is_visible()
        browser.close()
    assert asked == [(tmp_path / "report.html").as_uri()]
    assert errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(fill: Callable[..., Filled], tmp_path: Path, scheme: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium")
    write(fill(), tmp_path / "report.html")
    source = next(Path(axe.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=list(SANDBOX))
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        page.goto((tmp_path / "report.html").as_uri(), wait_until="domcontentloaded")
        page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")
        page.evaluate(source)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        browser.close()
    assert [(fault["id"], len(fault["nodes"])) for fault in found if fault["impact"] in ("serious", "critical")] == []


def test_scorecard_and_changes_say_what_the_tables_say(fill: Callable[..., Filled], tmp_path: Path) -> None:
    filled = fill()
    with duckdb.connect(str(filled.database)) as connection:
        basis = Basis(Thresholds())
        card = scorecard_frame(measure_all(connection, basis), ScorecardSettings(), basis)
        connection.register("card", card)
        connection.execute("INSERT INTO scorecard BY NAME SELECT * FROM card")
        for run, day, images, composite in (("one", 1, 100.0, 40.0), ("two", 2, 120.0, 55.5)):
            connection.execute(
                f"INSERT INTO metric_history VALUES ('{run}', 'images', $name, {images}, TIMESTAMPTZ '2026-11-0{day} 09:00+00'),"
                f"('{run}', 'scorecard_composite', '*', {composite}, TIMESTAMPTZ '2026-11-0{day} 09:00+00')",
                {"name": NORMAL},
            )
        # Judged once more by itself, after the diagnosis: no diagnosis of its own.
        connection.execute(
            "INSERT INTO metric_history VALUES ('three', 'scorecard_composite', '*', 99, TIMESTAMPTZ '2026-11-03 09:00+00')"
        )
        for image, change, day in (("a", "added", 2), ("b", "added", 2), ("c", "removed", 2), ("d", "added", 1)):
            connection.execute(
                f"INSERT INTO image_changes VALUES ('r', '{image}', $name, '{change}', TIMESTAMPTZ '2026-11-0{day} 08:59+00')",
                {"name": NORMAL},
            )
    page = write(filled, tmp_path / "report.html")
    assert "Compared with the diagnosis of 2026-11-01" in page.text
    assert "2 images added, 0 edited, 1 removed; 2 figures moved" in page.text
    # The cells of a row, read one after the other.
    assert "scorecard, all measureswhole data set4055.5+15.5" in page.text
    assert f"readable images{NORMAL}100120+20" in page.text
    for row in card.filter(card["measure"] != "composite").iter_rows(named=True):
        assert row["title"] in page.text
        assert ("code", row["evidence_sql"]) in page.texts
        if row["reason"]:
            assert row["reason"] in page.text
    composite = card.filter(card["measure"] == "composite").row(0, named=True)
    counted = card.filter(card["points"].is_not_null() & (card["weight"] > 0)).height
    assert f"{composite['value']:.0f} of 100, by {counted} of {card.height - 1} measures" in page.text
    assert composite["formula"] in page.text
