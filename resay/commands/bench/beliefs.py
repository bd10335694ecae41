"""What callers of train calls are believed to have meant: as people wrote it down, or as the log alone lets one think.

The rows of replay that learn without labels, with labelled links, and from people differ in this alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from rephrase.detector import Detector
from resay.commands.bench.asked import TurnKey
from resay.commands.bench.remembered import Beliefs
from resay.dialogue.session import Session
from resay.label.corpora.dstc2 import Call, LiveCall
from resay.label.corpora.dstc2_turn import content_acts, turn_parts
from rewrite_online.evaluate import Acts, understood


def by_people(calls: Iterable[Call]) -> Beliefs:
    """What people wrote down; certain."""
    return {
        (call.live.call_id, turn.index): {content_acts(truth.acts): 1.0}
        for call in calls
        for turn, truth in zip(call.live.turns, call.truth.turns, strict=True)
    }


def by_links(calls: Iterable[Call], detector: Detector) -> Beliefs:
    """What the log alone lets one think: what was said again was not understood, and was meant as it was understood when said again.

    A turn that is not said again is believed as it was read. What a detector half believes counts half.
    """
    found: dict[TurnKey, dict[Acts, float]] = {}
    for call in calls:
        after = linked_turns(call.live, detector)
        for place, turn in enumerate(call.live.turns):
            links = after.get(place, [])
            belief = {understood(turn): max(0.0, 1.0 - sum(chance for _, chance in links))}
            for later, chance in links:
                again = understood(call.live.turns[later])
                # Heard the same and said again: it was wrong, and what was meant is still not known.
                if again and again != understood(turn):
                    belief[again] = belief.get(again, 0.0) + chance
            found[call.live.call_id, turn.index] = belief
    return found


def linked_turns(call: LiveCall, detector: Detector) -> dict[int, list[tuple[int, float]]]:
    """The second tries of a call's turns, by place, as a detector sees them."""
    turns = tuple(part.turn for part in turn_parts(call))
    places = {turn.turn_id: place for place, turn in enumerate(turns)}
    found: dict[int, list[tuple[int, float]]] = {}
    for link in detector.links(Session(call.caller, turns)) if turns else ():
        found.setdefault(places[link.source_turn_id], []).append((places[link.target_turn_id], link.probability))
    return found
