"""One colour-blind-safe palette for every picture the project draws.

Source: Okabe and Ito, "Color Universal Design" (2008).
"""

from __future__ import annotations

BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
ORANGE = "#e69f00"
SKY = "#56b4e9"
PURPLE = "#cc79a7"
YELLOW = "#f0e442"
GREY = "#8a919c"

# Yellow is left out of series: it vanishes on white.
SERIES: tuple[str, ...] = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
# Shape says the same as colour, for readers who do not see the colour.
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[str, ...] = ("solid", "dashed", "dashdot", "dotted", "solid", "dashed")
