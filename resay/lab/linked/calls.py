"""Calls of DSTC2 as sessions with their links: what callers said again, by the rules over what people wrote down.

GPL-3.0: what is trained on it does not ship. Its train calls serve for training and choosing, its dev calls for nothing but figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from resay.dialogue.session import Session
from resay.dialogue.turn import ResponseStatus, Turn
from resay.lab.linked.acts import follow_of
from resay.lab.linked.part import Part, part_of
from resay.lab.linked.session import Came, Follow, LinkedSession, TrueLink
from resay.label.corpora.dstc2 import Call, TurnTruth
from resay.label.corpora.dstc2_turn import content_acts, turn_parts


def part_of_caller(caller: str) -> Part:
    """What a train caller's calls serve for: training, or choosing; dev callers are others, and are not asked about."""
    return Part.TRAIN if part_of(f"caller/{caller}") is Part.TRAIN or part_of(f"again/{caller}") is Part.TRAIN else Part.CHOOSE


def call_sessions(calls: Iterable[Call]) -> Iterator[LinkedSession]:
    """Each call as a session; second tries of which nothing was heard are left out, as no span can be in them."""
    for call in calls:
        turns = tuple(part.turn for part in turn_parts(call.live))
        truths = call.truth.turns
        links = tuple(
            TrueLink(place, place + truth.rephrased_after, 0, len(turns[place + truth.rephrased_after].utterance), repair=False)
            for place, truth in enumerate(truths)
            if truth.rephrased_after and turns[place + truth.rephrased_after].utterance.strip()
        )
        follows = dict(enumerate(_follows(truths)))
        follows |= {link.target: Follow.SAID_AGAIN for link in links}
        came = dict(enumerate(_came(call, turns)))
        yield LinkedSession(Session(call.live.caller, turns), links, follows, f"dstc2/{call.live.caller}", came)


def _came(call: Call, turns: Sequence[Turn]) -> Iterator[Came]:
    """Right: the top reading has the content acts that people wrote down. A call has one task, so one goal."""
    for place, (live, truth, turn) in enumerate(zip(call.live.turns, call.truth.turns, turns, strict=True)):
        right = content_acts(live.readings[0].acts if live.readings else ()) == content_acts(truth.acts)
        yield Came(place == 0, right, right and turn.response is not None and turn.response.status is ResponseStatus.DONE)


def _follows(truths: Sequence[TurnTruth]) -> Iterator[Follow]:
    """What each turn is to the one before, by what people say that both mean."""
    for place, truth in enumerate(truths):
        yield follow_of(content_acts(truths[place - 1].acts), content_acts(truth.acts)) if place else Follow.OTHER
