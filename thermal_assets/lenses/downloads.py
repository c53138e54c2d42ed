"""ImageNet weights of torchvision: from the torch hub cache, else fetched once."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlparse

from thermal_assets.errors import UserError
from thermal_assets.lenses.lens_spec import PACKAGED

TIMEOUT_SECONDS = 10


def cached_weights(architecture: str) -> Path:
    """Where the torch hub cache keeps torchvision's default ImageNet weights, whether or not they are there."""
    import torch
    import torchvision

    url = torchvision.models.get_model_weights(architecture).DEFAULT.url
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def imagenet_weights(architecture: str) -> Path:
    """Path of torchvision's default ImageNet weights in the torch hub cache, downloading them if need be.

    Raises UserError naming the ways out where they are neither there nor reachable.
    """
    import torchvision

    target = cached_weights(architecture)
    if target.is_file():
        return target
    try:
        _download(torchvision.models.get_model_weights(architecture).DEFAULT.url, target)
    except (OSError, ValueError) as error:  # URLError and timeouts are OSErrors
        reason = getattr(error, "reason", None) or error
        raise UserError(
            f"the ImageNet weights of {architecture} are not on this machine and could not be downloaded ({reason}). "
            f"Either connect once, or put {target.name} into {target.parent}; "
            f"or take {PACKAGED}, which needs no download, with --lens {PACKAGED}; "
            "or give another checkpoint with --lens-weights FILE; "
            f"or, for trying out only, take untrained weights with --lens random-{architecture}"
        ) from error
    return target


def _download(url: str, target: Path) -> None:
    """Fetch to a temporary file, check the digest that torchvision puts into its file names, rename."""
    host = urlparse(url).hostname or ""
    if host and not urllib.request.getproxies().get("https"):
        _resolve(host)
    expected = target.stem.rpartition("-")[2]
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name + ".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
            while block := answer.read(1 << 20):
                digest.update(block)
                file.write(block)
        if not digest.hexdigest().startswith(expected):
            raise ValueError("the download is damaged")
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _resolve(host: str) -> None:
    """Look the host up within the timeout: the system's resolver may otherwise try for a minute offline."""
    outcome: list[OSError | None] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, 443)
            outcome.append(None)
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    if not outcome:
        raise TimeoutError(f"no answer for {host} in {TIMEOUT_SECONDS} s")
    if outcome[0] is not None:
        raise outcome[0]
