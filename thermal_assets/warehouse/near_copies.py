"""Which pairs of images are near copies: the one rule that table duplicates, and the links of splits and audits, go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

#: L2 distance (unit vectors) up to which two pictures are near copies. One picture with noise of one level moves by up
#: to 0.057 under an ImageNet MobileNetV2, while the nearest different pictures of 20,000 real solar modules, which look
#: very much alike, begin at 0.066.
DEFAULT_DISTANCE = 0.05
#: Bits of 256 up to which perceptual hashes may differ. Of 5.4 million pairs of real crops none differs in 32 or fewer, of
#: 233,000 pairs of nearest neighbours among crops and solar modules two, which show one scene twice; from 34 on drawn
#: pictures of two valves or two buildings of one kind begin. None of these has an overlay: for those, see silent_classes.
DEFAULT_BITS = 32
#: Pictures of a class, and others drawn for each, by which is judged whether hashes say anything in it; the share, and
#: least number, of pictures that look like one of these at which they do not.
_ASKED, _OTHERS, _ALIKE_SHARE, _ALIKE_PICTURES = 2000, 20, 0.05, 5

# A hash is of the bytes that were read last; of a file that has changed since, it is of another picture.
_HASHED = """
    SELECT s.image_key, s.class_name, m.session_id, s.pixel_hash, from_hex(s.perceptual_hash)::BIT AS bits
    FROM channel_stats s JOIN file_manifest m ON m.image_id = s.image_id AND m.content_hash = s.content_hash
    WHERE s.perceptual_hash IS NOT NULL
"""
_SILENT = f"""
WITH asked AS (
    SELECT *, row_number() OVER (PARTITION BY class_name ORDER BY image_key) AS place FROM ({_HASHED})
    QUALIFY place <= {_ASKED}
), sizes AS (
    SELECT class_name, max(place) AS size, count(DISTINCT session_id) AS sessions FROM asked GROUP BY ALL
), drawn AS (
    SELECT a.class_name, a.image_key, bool_or(bit_count(xor(a.bits, b.bits)) <= $bits) AS alike
    FROM asked a JOIN sizes z ON z.class_name = a.class_name
    CROSS JOIN range(1, {_OTHERS + 1}) AS lot(step)
    JOIN asked b ON b.class_name = a.class_name AND b.place = (a.place - 1 + lot.step) % z.size + 1
    WHERE lot.step < z.size AND a.pixel_hash <> b.pixel_hash
      AND (z.sessions < 2 OR a.session_id IS NULL OR a.session_id IS DISTINCT FROM b.session_id)
    GROUP BY ALL
)
SELECT class_name FROM drawn GROUP BY ALL
HAVING count(*) FILTER (alike) >= {_ALIKE_PICTURES} AND avg(alike::INTEGER) > {_ALIKE_SHARE}
ORDER BY class_name
"""
_PAIRS = f"""
WITH telling AS (
    SELECT image_key, bits FROM ({_HASHED}) WHERE NOT list_contains($silent, class_name)
), listed AS (
    SELECT image_key, unnest(neighbor_keys) AS neighbor_key, unnest(distances) AS distance
    FROM (SELECT image_key, neighbor_keys, distances FROM dataset_neighbors
          WHERE level = 'L2' AND metric = 'euclidean' AND lens_id = $lens
          UNION ALL
          SELECT image_key, neighbor_keys, distances FROM class_neighbors WHERE level = 'L2' AND lens_id = $lens)
)
SELECT DISTINCT l.image_key, l.neighbor_key, bit_count(xor(a.bits, b.bits))::INTEGER AS hash_bits
FROM listed l
LEFT JOIN telling a ON a.image_key = l.image_key
LEFT JOIN telling b ON b.image_key = l.neighbor_key
WHERE l.distance <= $near OR bit_count(xor(a.bits, b.bits)) <= $bits
"""


@dataclass(frozen=True)
class NearCopyLimits:
    """Up to which ``distance`` (L2, unit vectors) or difference of perceptual hashes (``bits`` of 256) two pictures are
    near copies."""

    distance: float = DEFAULT_DISTANCE
    bits: int = DEFAULT_BITS

    def parameters(self) -> dict[str, Any]:
        """As the run log keeps them."""
        return {"near_copy_distance": self.distance, "near_copy_bits": self.bits}


DEFAULT_LIMITS = NearCopyLimits()


def silent_classes(connection: duckdb.DuckDBPyConnection, bits: int) -> list[str]:
    """Classes in which perceptual hashes say nothing, since pictures share an overlay, a mask or one fixed view.

    Of up to 2,000 pictures of a class each is set beside twenty others drawn by lot (another picture; of another session,
    unless the class has one only): where more than one in twenty, and five at least, look like one of these, ``bits`` or
    fewer apart, looking alike is no sign of a copy. Pictures are counted, not pairs, so that a few copies among many
    images do not silence a class, whoever is drawn; a class that consists of bursts and names no sessions is silenced.
    """
    return [name for (name,) in connection.execute(_SILENT, {"bits": bits}).fetchall()]


def near_copy_pairs(
    connection: duckdb.DuckDBPyConnection, lens_id: str, limits: NearCopyLimits, silent: list[str]
) -> pl.DataFrame:
    """image_key, neighbor_key and hash_bits of all near copies among the kept neighbours, each in either or both orders.

    Looked at are the ten nearest images at L2, of the data set and of the class (where the data set is compared with
    a sample only, the class is not); lists of a class that is between two states may name images that have changed
    since. Near copies are pictures whose vectors lie within ``limits.distance``, or whose
    perceptual hashes differ in at most ``limits.bits``: the lens takes noise and compression for another picture
    where pictures are small, and the hash does not. hash_bits is NULL where a hash is missing, or an image is of the
    ``silent`` classes.
    """
    values = {"lens": lens_id, "near": limits.distance, "bits": limits.bits, "silent": silent}
    return connection.sql(_PAIRS, params=values).pl()
