"""What a picture shows, before any pixel is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from thermal_assets.synthetic.chance import Chance


@dataclass(frozen=True)
class Scene:
    """One object at one moment.

    made       the object itself and its place: the same in every frame of a session
    moment     what changes from frame to frame
    ambient    air temperature, degrees Celsius
    sun        0 (night) to 1 (clear noon)
    anomalous  whether the fault of the object is there
    look       'usual', or a planted way to look: 'close_up', 'cooled' or 'dry'
    """

    made: Chance
    moment: Chance
    ambient: float
    sun: float
    anomalous: bool
    look: str = "usual"
