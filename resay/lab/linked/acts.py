"""What is true of turns by their acts, `inform(slot=value)`: which turn says again what was missed, and what each is to the one before.

The rules are those by which DSTC2's second tries were derived, so that made sessions and its calls are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from resay.lab.linked.session import Follow

REACH = 3
"""Turns within which what was missed counts as said again (DSTC2's derived labels)."""

ASKING_ACTS = ("inform(", "request(", "confirm(", "deny(", "reqalts(")
"""How acts begin that can be said again; a yes or a no once more is none (DSTC2's derived labels)."""


def second_tries(acts: Sequence[frozenset[str]], missed: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """First tries and their second: the first of the next turns that means something of what was missed; by place."""
    for source, lost in enumerate(missed):
        sought = {act for act in lost if act.startswith(ASKING_ACTS)}
        for target in range(source + 1, min(source + 1 + REACH, len(acts))):
            if sought & acts[target]:
                yield source, target
                break


def follow_of(before: frozenset[str], acts: frozenset[str]) -> Follow:
    """What a turn is to the one before, by what both mean."""
    if not before or not acts:
        return Follow.OTHER
    if before == acts:
        return Follow.REPEATED_SUCCESS
    first, second = informed(before), informed(acts)
    if not first or not second:
        return Follow.TOPIC_SWITCH if first or second else Follow.SAME_INTENT_OTHER_SLOT
    changed = any(second.get(slot, value) != value for slot, value in first.items())
    return Follow.CHANGED_MIND if changed else Follow.REFINEMENT


def informed(acts: Iterable[str]) -> dict[str, str]:
    """What is wanted, by slot."""
    pairs = (act[len("inform(") : -1].partition("=") for act in sorted(acts) if act.startswith("inform("))
    return {slot: value for slot, _, value in pairs}


def details_of(acts: Iterable[str]) -> list[str]:
    """What is asked of something that was found."""
    return sorted(act[len("request(") : -1] for act in acts if act.startswith("request("))
