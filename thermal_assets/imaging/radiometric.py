"""Does a JPEG carry the temperatures behind its picture?"""

from __future__ import annotations

from thermal_assets.imaging.containers import JpegFacts

NONE = "none"
PRESENT = "present, not read"


def radiometric_payload(data: bytes, facts: JpegFacts) -> str:
    """'present, not read' if the segments hold a FLIR or DJI thermal payload, else 'none'.

    FLIR cameras (and DJI's with a FLIR core) store it in APP1 segments that begin with 'FLIR\\0'. DJI
    stores raw 16-bit values over APP3 or APP4 segments without a signature, so there the maker's name
    must stand in the Exif segment and one of the two must hold at least a 16-bit value for every
    2 x 2 pixels of the picture (DJI can double the picture's size over that of the sensor).
    """
    made_by_dji = False
    volume = {3: 0, 4: 0}
    for number, first, end in facts.app:
        if number == 1:
            if data[first : first + 5] == b"FLIR\x00":
                return PRESENT
            made_by_dji = made_by_dji or (data[first : first + 4] == b"Exif" and data.find(b"DJI", first, end) >= 0)
        elif number in volume:
            volume[number] += end - first
    enough = max(1, facts.width * facts.height // 2)
    return PRESENT if made_by_dji and max(volume.values()) >= enough else NONE
