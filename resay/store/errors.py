"""What can be wrong with a lake: what a person can mend, and a race that another writer has won. Knows the words, not the causes."""

from __future__ import annotations

import re

from resay.dialogue.errors import ResayError


class LakeTooNew(ResayError):
    """The lake was written by a newer version."""


class LakeTooOld(ResayError):
    """A table was kept by an earlier version, with fewer columns."""


class LakeUnavailable(ResayError):
    """The lake cannot be read or written where it lies."""


class LostPosition(ResayError):
    """The stored position is not where this writer believes that it stands: another one has written."""


def unavailable(place: str, error: Exception) -> LakeUnavailable:
    """The error for a place that cannot be read or written."""
    return LakeUnavailable(f"lake must be readable and writable at {place}; {_one_line(error)}; is the disk full, or the folder not yours?")


def unreadable(place: str, error: Exception) -> ResayError:
    """The error for a table that is there and cannot be opened: newer than this library can read, or broken, or not ours."""
    if "Unsupported" in str(error):
        message = (
            f"table {place} must be of a Delta protocol that this version reads; {_one_line(error)}; was it written by a newer version?"
        )
        return LakeTooNew(message)
    return unavailable(place, error)


def crowded(table: str, tries: int) -> LakeUnavailable:
    """The error for a table on which others were first every time."""
    return LakeUnavailable(
        f"table {table} must be writable; {tries} commits in a row met another writer's; how many jobs run on this lake?"
    )


def _one_line(error: Exception) -> str:
    """The text of a library's error without its colours and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|↳", "", str(error)).split())
