"""Which pairs of images are near copies: the one rule that table duplicates, splits and audits go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

#: L2 distance (unit vectors) up to which two pictures are near copies: 5 % of the length of a vector.
DEFAULT_DISTANCE = 0.05
#: Bits of 256 up to which perceptual hashes may differ. Real pictures drawn by lot differ in 71 and more; of 233,000 pairs
#: of nearest neighbours among real crops and solar modules 4 differ in 32 or fewer, and show one scene twice; from 34 on
#: drawn pictures of two valves or two buildings of one kind begin.
DEFAULT_BITS = 32
#: Share of pairs drawn by lot in a class above which equal hashes say nothing: its pictures have their frame in common.
_ALIKE_SHARE, _ALIKE_PAIRS = 0.05, 3

_SQL = f"""
WITH hashed AS (
    SELECT s.image_key, s.class_name, m.session_id, s.pixel_hash, from_hex(s.perceptual_hash)::BIT AS bits
    FROM channel_stats s JOIN file_manifest m USING (image_id)
    WHERE s.perceptual_hash IS NOT NULL
), drawn AS (
    SELECT class_name, bit_count(xor(bits, lead(bits) OVER lot)) AS differing,
           pixel_hash <> lead(pixel_hash) OVER lot AS other_picture,
           session_id IS NULL OR session_id IS DISTINCT FROM lead(session_id) OVER lot AS other_session
    FROM hashed WINDOW lot AS (PARTITION BY class_name ORDER BY image_key)
), alike AS (
    SELECT class_name FROM drawn WHERE other_picture AND other_session
    GROUP BY class_name
    HAVING count(*) FILTER (differing <= $bits) >= {_ALIKE_PAIRS}
       AND avg((differing <= $bits)::INTEGER) > {_ALIKE_SHARE}
), telling AS (
    SELECT image_key, bits FROM hashed WHERE class_name NOT IN (FROM alike)
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


def near_copy_pairs(connection: duckdb.DuckDBPyConnection, lens_id: str, limits: NearCopyLimits) -> pl.DataFrame:
    """image_key, neighbor_key and hash_bits of all near copies among the kept neighbours, each in either or both orders.

    Looked at are the ten nearest images at L2, of the data set and of the class (where the data set is compared with
    a sample only, the class is not). Near copies are pictures whose vectors lie within ``limits.distance``, or whose
    perceptual hashes differ in at most ``limits.bits``: the lens takes noise and compression for another picture
    where pictures are small, and the hash does not. hash_bits is NULL where a hash is missing, or says nothing: in a
    class of which one in twenty pairs drawn by lot (other pictures, of other sessions) differs by no more, pictures
    share an overlay, a mask or one fixed view.
    """
    return connection.sql(_SQL, params={"lens": lens_id, "near": limits.distance, "bits": limits.bits}).pl()
