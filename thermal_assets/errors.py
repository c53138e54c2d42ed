"""Errors that are the user's to mend: told in one line, never as a traceback."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can put right; the message says what happened and what to do, in one line."""


class WarehouseLocked(UserError):
    """The warehouse is held by another process. Passes by itself, so it is worth a retry."""
