"""Strategies: what Hypothesis draws turns, parts and records from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from resay.dialogue.session import Session
from resay.dialogue.turn import (
    AppliedRewrite,
    Audio,
    Context,
    CustomerKind,
    Entity,
    Explicit,
    Feedback,
    Hypothesis,
    Interpretation,
    Prompt,
    Response,
    ResponseStatus,
    Turn,
    TurnPart,
    Versions,
)
from tests.builders import session, turn

texts = st.text(st.characters(codec="utf-8"), max_size=30)
"""Any text that can be written as UTF-8: lone surrogates cannot."""

utterances = st.one_of(st.sampled_from(["play madonna", "Play Madonna!", "the Priya's lights", ""]), texts)
ids = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
"""JSON values."""

mappings = st.dictionaries(texts, values, max_size=3)
instants = st.datetimes(datetime(2001, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - Hypothesis adds the zone.
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
"""Event times as they are kept: UTC, whole milliseconds."""


def _lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


fields: dict[str, st.SearchStrategy[Any]] = {
    "utterance": utterances,
    "customer_kind": st.sampled_from(CustomerKind),
    "session_id": texts,
    "device_id": texts,
    "hypotheses": _lists(st.builds(Hypothesis, text=texts, score=st.none() | numbers)),
    "interpretations": _lists(
        st.builds(Interpretation, intent=texts, domain=texts, slots=mappings, confidence=st.none() | st.floats(0, 1)),
    ),
    "entities": _lists(
        st.builds(Entity, slot=texts, value=texts, entity_id=st.none() | ids, status=st.sampled_from(["resolved", "not_found"]))
    ),
    "prompt": st.builds(Prompt, text=texts, kind=texts),
    "response": st.builds(Response, text=texts, status=st.sampled_from(ResponseStatus), action=texts),
    "barge_in": st.booleans(),
    "ended_at": instants,
    "audio": st.builds(Audio, duration_s=st.none() | numbers, snr_db=st.none() | numbers, wake_score=st.none() | numbers),
    "context": st.builds(Context, locale=texts, device_type=texts, room=texts, device_states=mappings),
    "feedback": st.builds(Feedback, explicit=st.none() | st.sampled_from(Explicit), rating=st.none() | numbers, text=texts),
    "rewrite": st.builds(
        AppliedRewrite,
        decision_id=texts,
        original=utterances,
        rewrite_id=st.none() | ids,
        generation=st.none() | st.integers(0, 2**31),
        arm=st.none() | st.sampled_from(["treatment", "control"]),
    ),
    "cohorts": _lists(texts),
    "versions": st.builds(Versions, asr=texts, nlu=texts, catalogue=texts),
}
"""What a turn may carry beside its ids and time, by name."""

unknown = st.dictionaries(ids.map(lambda name: f"x-{name}"), values, max_size=2)


@st.composite
def turn_parts(draw: st.DrawFn, *, turn_ids: st.SearchStrategy[str] = ids, moments: st.SearchStrategy[datetime] = instants) -> TurnPart:
    """A part of a turn, as it would be decoded from a record."""
    name = draw(st.sampled_from(["whole", "said", "understood", "answered", "rated"]))
    carried = draw(st.sets(st.sampled_from(sorted(fields)))) | ({"utterance"} if name in {"whole", "said"} else set())
    content = {field: draw(fields[field]) for field in sorted(carried)}
    turn = Turn(turn_id=draw(turn_ids), customer_id=draw(ids), at=draw(moments), unknown=draw(unknown), **content)
    return TurnPart(turn=turn, fields=frozenset(carried), part=name)


remarks = st.sampled_from(["no", "no i said madonna", "that's wrong", "stop", "yes", "thank you goodbye", "turn on the lights", "🙂"])
"""Words that mean something to the rules that read what customers say of the last answer."""


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """A session of 1 to 8 turns with any gaps and any of the optional fields, its values few enough to meet each other."""
    gaps = draw(st.lists(st.floats(0, 60), min_size=1, max_size=8))
    return session(*(draw(_turns_at(at=sum(gaps[: number + 1]), number=number)) for number in range(len(gaps))))


@st.composite
def _turns_at(draw: st.DrawFn, *, at: float, number: int) -> Turn:
    spoken = remarks | utterances
    return turn(
        draw(spoken),
        at=at,
        turn_id=f"t{number}",
        status=draw(st.sampled_from([None, *ResponseStatus])),
        intent=draw(st.sampled_from([None, "", "play", "on"])),
        slots=draw(st.sampled_from([{}, {"area": "kitchen"}, {"names": ["a", "b"]}])),
        confidence=draw(st.sampled_from([None, 0.0, 0.5, 1.0])),
        prompt_kind=draw(st.sampled_from([None, "", "confirm"])),
        response=draw(st.sampled_from(["", "Sorry, I didn't understand.", "Which room?"])),
        barge_in=draw(st.booleans()),
        hypotheses=draw(_lists(st.builds(Hypothesis, spoken, st.none() | numbers))),
        entities=draw(st.sampled_from([(), (Entity(slot="name", status="not_found"),)])),
        feedback=draw(st.none() | st.builds(Feedback, explicit=st.sampled_from(Explicit))),
        rewrite=draw(st.none() | st.builds(AppliedRewrite, decision_id=ids, original=spoken)),
    )
