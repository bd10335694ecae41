"""Cues: what is so where and when a customer speaks, each as one short text; the same function for learning and serving.

Knows the field `context` of a turn; knows nothing of what any of it means for what is said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from itertools import islice

from resay.dialogue.turn import Context

CUES_MAX = 128
"""Cues of one turn, those of devices last: a room has a dozen devices, a home some fifty."""

CUE_CHARS_MAX = 80
"""Longest name or value in a cue; what is longer is no state but a text, and says nothing."""

DEPTH_MAX = 4
"""How deep states of devices may nest to be read; deeper stands configuration."""

HOURS = (3, 6)
"""Hours in a part of the day: wide ones back narrow ones up where few have spoken."""

_CLOCK = re.compile(r"(?:(?:^|[T ])(?=\d\d:)|T(?=\d{4}))([01]\d|2[0-3]):?[0-5]\d")
"""The hour of a time, alone or behind a date; without a colon only behind a T, as it might be a year."""


class CueKind(StrEnum):
    """Where a cue comes from."""

    ROOM = "room"
    TYPE = "type"
    """The kind of device that is spoken to."""
    ACTIVITY = "activity"
    TIME = "time"
    """The hour at the customer."""
    STATES = "states"
    """What devices are in which state."""


def cues_of(context: Context | None) -> frozenset[str]:
    """The cues of a turn; none where nothing is known of where and when it was said."""
    return frozenset(islice(_cues(context), CUES_MAX)) if context is not None else frozenset()


def kind_of(cue: str) -> str:
    """The kind of a cue, as `CueKind` names it."""
    return cue.partition(":")[0]


def without(context: Context, kinds: Collection[CueKind]) -> Context:
    """The same context as if some of it were not known."""
    left_out = frozenset(kinds)
    return Context(
        locale=context.locale,
        device_type="" if CueKind.TYPE in left_out else context.device_type,
        room="" if CueKind.ROOM in left_out else context.room,
        activity="" if CueKind.ACTIVITY in left_out else context.activity,
        local_time="" if CueKind.TIME in left_out else context.local_time,
        device_states={} if CueKind.STATES in left_out else context.device_states,
    )


def _cues(context: Context) -> Iterator[str]:
    for kind, told in ((CueKind.ROOM, context.room), (CueKind.TYPE, context.device_type), (CueKind.ACTIVITY, context.activity)):
        if value := _plain(told):
            yield f"{kind}:{value}"
    yield from _times(context.local_time)
    for name, value in _states(context.device_states):
        yield f"{CueKind.STATES}:{name}={value}"
        kind_of_device = name.partition(".")[0]
        if kind_of_device != name:
            # Homes have other names for their lamps; that some light is on is the same everywhere.
            yield f"{CueKind.STATES}:{kind_of_device}.*={value}"


def _times(local_time: str) -> Iterator[str]:
    """Parts of the day; none where the time cannot be read."""
    clock = _CLOCK.search(local_time)
    if clock is not None:
        hour = int(clock[1])
        for hours in HOURS:
            begin = hour // hours * hours
            yield f"{CueKind.TIME}:{begin:02}-{begin + hours:02}"


def _states(told: Mapping[str, object], above: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    """Names and states, those that nest joined by points; numbers say nothing without a bound, and are left out."""
    for name in sorted(told):
        value, path = told[name], f"{above}{_plain(name)}"
        if isinstance(value, Mapping):
            if depth < DEPTH_MAX:
                yield from _states(value, f"{path}.", depth + 1)
        elif isinstance(value, str | bool) and path and len(path) <= CUE_CHARS_MAX and (state := _plain(str(value))):
            yield path, state


def _plain(told: str) -> str:
    """A name in one form; empty where it is too long to be one."""
    return "" if len(told) > CUE_CHARS_MAX else " ".join(told.casefold().split())
