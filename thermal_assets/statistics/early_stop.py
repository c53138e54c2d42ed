"""Fits that may end before their minimum."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def early_stop_allowed() -> Iterator[None]:
    """No warning where a scikit-learn solver ends at its step limit.

    Held-out ranks hardly move after some hundred steps, and each step is a pass over all images: the limit is a part
    of the definition, not a fault that a reader of the log could mend.
    """
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
