"""What the three generators plant, and the twins that must stay quiet: detector by detector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import duckdb

from benchmarks.planted import blind_sets, third_sets
from benchmarks.planted.blind_sets import BlindGenerator
from benchmarks.planted.feature_sets import FeatureSet, Generator
from benchmarks.planted.third_sets import ThirdGenerator
from thermal_assets.findings.finding import Finding

Sets = TypeVar("Sets")


Follows = Callable[[Finding, duckdb.DuckDBPyConnection, int], bool]
Listed = Callable[[list[Finding], duckdb.DuckDBPyConnection], list[str]]
WHOLE_SET = "dataset"


def _nothing(finding: Finding, connection: duckdb.DuckDBPyConnection, seed: int) -> bool:
    return False


def _by_leak(pair: str, leaks: tuple[str, ...]) -> Follows:
    """What gives the state of ``pair`` away tells its classes from all others too: a finding that names nothing else."""
    features = {
        "channels": "mode and alpha", "palette": "palette", "brightness": "brightness", "size": "crop size",
        "distance_m": "distance",
    }  # fmt: skip

    def follows(finding: Finding, connection: duckdb.DuckDBPyConnection, seed: int) -> bool:
        if finding.finding_id != "shortcuts:class:dataset":
            return False
        named = connection.sql(finding.evidence_sql).pl()
        leak = features[leaks[seed % len(leaks)]]
        return bool((named["subject"].str.starts_with(f"{pair}_") & (named["feature"] == leak)).all())

    return follows


def _data_set(finding: Finding, connection: duckdb.DuckDBPyConnection, seed: int) -> bool:
    """What holds of a class that lies far out holds of the data set."""
    return finding.class_name is None


def _suspects(findings: list[Finding], connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [image for (image,) in connection.execute("SELECT image_id FROM label_conflicts ORDER BY rank").fetchall()]


def _of_evidence(findings: list[Finding], connection: duckdb.DuckDBPyConnection) -> list[str]:
    return [image for finding in findings for image in connection.sql(finding.evidence_sql).pl()["image_id"].to_list()]


@dataclass(frozen=True)
class Plant(Generic[Sets]):
    """What ``make`` plants is for ``detector``; ``subject`` is part of the id of the right finding; ``follows`` says of
    another finding on a set of that seed whether it is a consequence of the plant. ``listed`` gives
    the images that the detector names, the surest first; a detector whose finding is one list for the whole data set has
    told the plant where half of the planted images are in it. ``severity``: only such a finding counts as told."""

    detector: str
    what: str
    make: Callable[[Sets, int, float], FeatureSet]
    subject: str
    follows: Follows = _nothing
    listed: Listed | None = None
    severity: str | None = None


@dataclass(frozen=True)
class Twin(Generic[Sets]):
    """A difference that ``detector`` must leave alone, or, with ``high_only``, must not call HIGH. ``listed``: of a detector
    whose finding is a list of images, which always has some, half of the planted ones must not be in it."""

    detector: str
    what: str
    make: Callable[[Sets, int], FeatureSet]
    high_only: bool = False
    listed: Listed | None = None


PLANTS: tuple[Plant[Generator], ...] = (
    Plant("label_contamination", "share of one session that shows and names B", lambda g, s, x: g.foreign_batch(s, x), "A_normal",
          severity="HIGH"),
    Plant("label_conflicts", "B under the label A_normal, in fifths of the class", lambda g, s, x: g.flipped(s, x), "A_normal",
          listed=_suspects),
    Plant("weak_separation", "share of the anomaly class that is normal", lambda g, s, x: g.mixed(s, x), "A_normal|A_anomaly"),
    Plant("shortcuts", "sessions whose palette goes with the state", lambda g, s, x: g.given_away(s, x), "state:A",
          _by_leak("A", ("palette",))),
    Plant("two_normals", "pictures at 2 m moved away", lambda g, s, x: g.shifted(s, x, "distance"), "A_normal"),
    Plant("place_drift", "pictures of one place moved away", lambda g, s, x: g.shifted(s, x, "place"), "A_normal"),
    Plant("time_drift", "pictures of one month moved away", lambda g, s, x: g.shifted(s, x, "month"), "A_normal"),
    Plant("run_drift", "pictures of the last delivery moved away", lambda g, s, x: g.shifted(s, x, "arrived"), "A_normal"),
)  # fmt: skip
TWINS: tuple[Twin[Generator], ...] = (
    Twin("label_contamination", "one session shows B, its names say A (not HIGH)", lambda g, s: g.foreign_batch(s, 1.0, False), True),
    Twin("label_contamination", "two images in fifteen of a session show and name B", lambda g, s: g.foreign_batch(s, 2 / 15), True),
    Twin("weak_separation", "eleven times as many normal images", lambda g, s: g.clean(s, unequal=True)),
    Twin("two_normals", "two distances, the same pictures", lambda g, s: g.shifted(s, 0.0, "distance")),
    Twin("place_drift", "two places, the same pictures", lambda g, s: g.shifted(s, 0.0, "place")),
    Twin("time_drift", "two months, the same pictures", lambda g, s: g.shifted(s, 0.0, "month")),
    Twin("run_drift", "a delivery like the old images", lambda g, s: g.shifted(s, 0.0, "arrived")),
    Twin("weak_separation", "leaks that differ in distance only from what they were", lambda g, s: g.given_away(s, 1.0, "distance_m")),
)  # fmt: skip

BLIND_PLANTS: tuple[Plant[BlindGenerator], ...] = (
    Plant("label_contamination", "share of one session that shows and names K", lambda g, s, x: g.foreign_batch(s, x), "U_normal",
          severity="HIGH"),
    Plant("label_conflicts", "other classes under the label P_normal, in 8 % of the class", lambda g, s, x: g.flipped(s, x), "P_normal",
          listed=_suspects),
    Plant("weak_separation", "share of normal blended into the anomalous pictures", lambda g, s, x: g.faint(s, x), "U_normal|U_anomaly"),
    Plant("shortcuts", "mode, palette, brightness or size goes with the state", lambda g, s, x: g.given_away(s, x), "state:U",
          _by_leak("U", blind_sets.LEAKS)),
    Plant("two_normals", "pictures at 2 m blended with another kind", lambda g, s, x: g.at_distance(s, x), "P_normal"),
    Plant("place_drift", "pictures of one place blended with another kind", lambda g, s, x: g.at_place(s, x), "U_normal"),
    Plant("time_drift", "slow change over two of four months", lambda g, s, x: g.ageing(s, x), "P_normal"),
    Plant("run_drift", "the last delivery blended with another kind", lambda g, s, x: g.delivery(s, x), "P_normal"),
)  # fmt: skip
BLIND_TWINS: tuple[Twin[BlindGenerator], ...] = (
    Twin("label_contamination", "one session shows K, its names say U (not HIGH)", lambda g, s: g.foreign_batch(s, 1.0, False), True),
    Twin("label_contamination", "a tenth of a session shows and names K (not HIGH)", lambda g, s: g.foreign_batch(s, 0.1), True),
    Twin("label_conflicts", "half of the images are near frames", lambda g, s: g.clean(s, burst=0.5)),
    Twin("two_normals", "half of the images are near frames", lambda g, s: g.clean(s, burst=0.5)),
    Twin("weak_separation", "eleven times as many normal images", lambda g, s: g.clean(s, unequal=True)),
    Twin("weak_separation", "anomalies shot from further away, the same pictures", lambda g, s: g.further_away(s)),
    Twin("run_drift", "a delivery like the old images", lambda g, s: g.delivery(s, 0.0)),
)  # fmt: skip

THIRD_PLANTS: tuple[Plant[ThirdGenerator], ...] = (
    Plant("label_contamination", "share of one session that shows and names V", lambda g, s, x: g.foreign_batch(s, x), "C_normal",
          severity="HIGH"),
    Plant("label_conflicts", "other classes under the label M_normal, in 10 % of the class", lambda g, s, x: g.flipped(s, x), "M_normal",
          listed=_suspects),
    Plant("weak_separation", "share of the anomalous pictures that shows nothing", lambda g, s, x: g.faint(s, x), "M_normal|M_anomaly"),
    Plant("shortcuts", "mode, palette, brightness, size or distance goes with the state", lambda g, s, x: g.given_away(s, x), "state:M",
          _by_leak("M", third_sets.LEAKS)),
    Plant("two_normals", "pictures at 3 m mixed with another kind", lambda g, s, x: g.at_distance(s, x), "M_normal"),
    Plant("place_drift", "pictures of one place of five mixed with another kind", lambda g, s, x: g.at_place(s, x), "C_normal"),
    Plant("time_drift", "another look from one day on", lambda g, s, x: g.new_camera(s, x), "M_normal"),
    Plant("time_drift", "a look that comes and goes with the season", lambda g, s, x: g.season(s, x), "M_normal"),
    Plant("run_drift", "the last delivery mixed with another kind", lambda g, s, x: g.delivery(s, x), "V_normal"),
    Plant("distance_effect", "pictures from further away lie nearer to the mean", lambda g, s, x: g.blurred(s, x), "V_normal"),
    Plant("outliers_shared", "share of a foreign picture in six images of M_normal", lambda g, s, x: g.strays(s, x), WHOLE_SET,
          listed=_of_evidence),
    Plant("outliers_shared", "the same, two near frames of each of three in one session", lambda g, s, x: g.strays(s, x, 2), WHOLE_SET,
          listed=_of_evidence),
    Plant("session_clump", "share of a person in the pictures of one session of modules", lambda g, s, x: g.spoiled(s, x), "M_normal"),
    Plant("outlier_persistence", "fewer and fewer images that the lens was fitted on", lambda g, s, x: g.early_lens(s, x), "V_normal",
          _data_set),
)  # fmt: skip
THIRD_TWINS: tuple[Twin[ThirdGenerator], ...] = (
    Twin("label_contamination", "one session shows V, its names say C (not HIGH)", lambda g, s: g.foreign_batch(s, 1.0, False), True),
    Twin("label_conflicts", "half of the images are near frames", lambda g, s: g.clean(s, runs=0.5)),
    Twin("two_normals", "half of the images are near frames", lambda g, s: g.clean(s, runs=0.5)),
    Twin("time_drift", "half of the images are near frames", lambda g, s: g.clean(s, runs=0.5)),
    Twin("weak_separation", "nine times as many normal images", lambda g, s: g.clean(s, unequal=True)),
    Twin("shortcuts", "two of the anomalous sessions have a palette of their own", lambda g, s: g.own_palette(s)),
    Twin("distance_effect", "one session from 3 m away lies nearer to the mean", lambda g, s: g.odd_session(s)),
    Twin("outliers_shared", "thirty pictures of a kind of their own, all over the sessions", lambda g, s: g.minority(s),
         listed=_of_evidence),
    Twin("session_clump", "half of the images are near frames", lambda g, s: g.clean(s, runs=0.5)),
    Twin("outlier_persistence", "the lens was fitted on every second session", lambda g, s: g.half_lens(s)),
    Twin("run_drift", "a delivery like the old images", lambda g, s: g.delivery(s, 0.0)),
)  # fmt: skip
