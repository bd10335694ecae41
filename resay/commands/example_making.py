"""Examples from sessions whose links are known: where the lab, which knows what is true, meets the detectors, which are to find it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rephrase.candidates import Bounds, candidates_of
from rephrase.example import (
    CHANGED_MIND,
    LINK,
    OTHER,
    REFINEMENT,
    REPAIR,
    REPEATED_SUCCESS,
    SAME_INTENT_OTHER_SLOT,
    TOPIC_SWITCH,
    Example,
)
from resay.lab.linked.session import Follow, LinkedSession, TrueLink

KINDS = {
    # A further try at another request is, to this one, something else.
    Follow.SAID_AGAIN: TOPIC_SWITCH,
    Follow.TOPIC_SWITCH: TOPIC_SWITCH,
    Follow.REFINEMENT: REFINEMENT,
    Follow.CHANGED_MIND: CHANGED_MIND,
    Follow.REPEATED_SUCCESS: REPEATED_SUCCESS,
    Follow.SAME_INTENT_OTHER_SLOT: SAME_INTENT_OTHER_SLOT,
    Follow.OTHER: OTHER,
}
"""The kind of an example in which nothing was said again, by what the next request is."""


def examples_of(sessions: Iterable[LinkedSession], bounds: Bounds | None = None) -> Iterator[Example]:
    """An example of each turn that others follow which could be its second try."""
    for linked in sessions:
        by_source: dict[int, list[int]] = defaultdict(list)
        for pair in candidates_of(linked.session, bounds or Bounds()):
            by_source[pair.source].append(pair.target)
        links = {link.source: link for link in linked.links}
        for source, targets in by_source.items():
            example = _example(linked, source, targets=targets, link=links.get(source))
            if example is not None:
                yield example


def _example(linked: LinkedSession, source: int, *, targets: list[int], link: TrueLink | None) -> Example | None:
    turns = linked.session.turns[source : targets[-1] + 1]
    if link is None:
        return Example(turns, None, 0, 0, KINDS[linked.follows[targets[0]]], linked.group)
    if link.target not in targets:
        # It was said again out of reach: neither a link that could be found, nor an example of none.
        return None
    return Example(turns, link.target - source, link.start, link.end, REPAIR if link.repair else LINK, linked.group)
