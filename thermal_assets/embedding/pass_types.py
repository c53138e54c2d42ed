"""What goes into an image pass and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A file of the manifest: where it lies, its name in the warehouse, blake2b-128 of its bytes (hex)."""

    path: Path
    image_id: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why one file gave nothing this time; not kept, because another run may find it mended.

    Codes: ``vanished``, ``changed_while_reading``, ``unreadable``, ``out_of_memory``, ``reader_killed``, and, where
    no statistics store keeps them, the codes of undecodable images.
    """

    image_id: str
    code: str
    message: str


@dataclass
class PassSummary:
    """What an image pass did.

    ``files`` counts files, the other counts different contents: ``contents`` in all, of which ``cached``
    needed nothing, ``decoded`` were decoded (``measured`` for statistics, ``embedded`` for vectors) and
    ``undecodable`` could not be. ``without_direction`` vectors are all zeros. ``seconds`` are summed over
    threads, by stage; ``wall_seconds`` is the time on the clock. ``processes`` of the ``workers`` had a process of their
    own. ``engine`` describes the network as it ran.
    """

    files: int = 0
    contents: int = 0
    cached: int = 0
    decoded: int = 0
    measured: int = 0
    embedded: int = 0
    undecodable: int = 0
    without_direction: int = 0
    problems: list[FileProblem] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    wall_seconds: float = 0.0
    workers: int = 0
    processes: int = 0
    engine: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """Decoded contents per second on the clock, 0 where nothing was due."""
        return self.decoded / self.wall_seconds if self.decoded and self.wall_seconds else 0.0
