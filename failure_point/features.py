"""Features: what numbers say of a case. Whatever a log lacks is not known (NaN), and never zero."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from failure_point.case import Case
from failure_point.cues import shown
from failure_point.measures import alike, covered, nearest, plain, shared_words, sound
from failure_point.traffic import Traffic
from resay.dialogue.session import silence_between
from resay.dialogue.turn import Explicit, Interpretation, ResponseStatus, Turn, said
from resay.label.reading import is_refused, status_of

UNKNOWN = math.nan
Matrix = NDArray[np.float32]

_NOTHING = ("", "null", "none", "nothing", "fallback")
"""Intents by which an NLU says that it understood nothing."""

_OBJECTS = frozenset({"no", "not", "nope", "wrong", "stop", "cancel", "i", "said", "meant", "negate", "deny"})
_RESOLVED = "resolved"
_LEVELS = {status: float(place) for place, status in enumerate(ResponseStatus)}


def told_of(case: Case, traffic: Traffic) -> dict[str, float]:
    """All features of a case by name, in a fixed order."""
    text = plain(said(case.turn))
    return {
        **_heard(case.turn, text),
        **_understood(case.turn, text),
        **_answered(case.turn, text),
        **_before(case, text),
        **_after(case, text),
        **_traffic(case, text, traffic),
        **shown(case),
    }


def matrix(cases: Sequence[Case], traffic: Traffic) -> Matrix:
    """The features of cases: (case, feature)."""
    traffic.look_up(text for case in cases for text in _texts(case))
    rows = [list(told_of(case, traffic).values()) for case in cases]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(NAMES))


def _texts(case: Case) -> Iterator[str]:
    yield plain(said(case.turn))
    yield from (plain(each.text) for each in case.turn.hypotheses[1:4])


def _heard(turn: Turn, text: str) -> dict[str, float]:
    words = text.split()
    scores = [each.score for each in turn.hypotheses if each.score is not None]
    others = [plain(each.text) for each in turn.hypotheses[1:6]]
    near = [alike(text, each) for each in others]
    duration = turn.audio.duration_s if turn.audio else None
    return {
        "words": float(len(words)),
        "letters": float(len(text)),
        "letters_a_word": len(text) / len(words) if words else UNKNOWN,
        "short_words": sum(len(word) < 3 for word in words) / len(words) if words else UNKNOWN,
        "score": scores[0] if scores else UNKNOWN,
        "score_gap": scores[0] - scores[1] if len(scores) > 1 else UNKNOWN,
        "score_mean": sum(scores) / len(scores) if scores else UNKNOWN,
        "hypotheses": float(len(turn.hypotheses)) if turn.hypotheses else UNKNOWN,
        "hypotheses_alike": sum(near) / len(near) if near else UNKNOWN,
        "hypotheses_alike_least": min(near, default=UNKNOWN),
        "hypotheses_empty": sum(not each.text for each in turn.hypotheses) / len(turn.hypotheses) if turn.hypotheses else UNKNOWN,
        "hypotheses_shorter": len(text) - sum(map(len, others)) / len(others) if others else UNKNOWN,
        "hypotheses_sound_alike": sum(alike(sound(text), sound(each)) for each in others) / len(others) if others else UNKNOWN,
        "duration": _number(duration),
        "letters_a_second": len(text) / duration if duration else UNKNOWN,
        "loudness": _number(turn.audio.snr_db if turn.audio else None),
        "wake_score": _number(turn.audio.wake_score if turn.audio else None),
        "barge_in": float(turn.barge_in),
    }


def _understood(turn: Turn, text: str) -> dict[str, float]:
    told = turn.interpretations
    first = told[0] if told else None
    sure = [each.confidence for each in told if each.confidence is not None]
    values = [word for value in (first.slots.values() if first else ()) for word in plain(str(value)).split()]
    there = set(values)
    words = text.split()
    lost = [each.status != _RESOLVED for each in turn.entities]
    return {
        "interpretations": float(len(told)) if told else UNKNOWN,
        "confidence": sure[0] if sure else UNKNOWN,
        "confidence_gap": sure[0] - sure[1] if len(sure) > 1 else UNKNOWN,
        "confidence_rest": max(0.0, 1 - sum(sure)) if sure else UNKNOWN,
        "readings_agree": _agree(told),
        "confidence_same_intent": sum(each.confidence or 0.0 for each in told if each.intent == told[0].intent) if sure else UNKNOWN,
        "confidence_nothing": max((each.confidence or 0.0 for each in told if each.intent in _NOTHING), default=0.0) if sure else UNKNOWN,
        "slots": float(len(first.slots)) if first else UNKNOWN,
        "slot_words_said": covered(values, text) if values else UNKNOWN,
        "said_in_slots": sum(word in there for word in words) / len(words) if words and first else UNKNOWN,
        "longest_slot": float(max((len(plain(str(value)).split()) for value in first.slots.values()), default=0)) if first else UNKNOWN,
        "entities": float(len(turn.entities)) if turn.entities else UNKNOWN,
        "entities_lost": sum(lost) / len(lost) if lost else UNKNOWN,
    }


def _answered(turn: Turn, text: str) -> dict[str, float]:
    response = turn.response
    answer = plain(response.text) if response else ""
    words = [word for word in text.split() if len(word) > 3]
    first = turn.interpretations[0] if turn.interpretations else None
    values = [word for value in (first.slots.values() if first else ()) for word in plain(str(value)).split()]
    explicit = turn.feedback.explicit if turn.feedback else None
    status = status_of(turn)
    return {
        "status": _LEVELS[status] if status else UNKNOWN,
        "was_done": float(status is ResponseStatus.DONE) if status else UNKNOWN,
        "was_refused": _refused(turn),
        "answer_words": float(len(answer.split())) if answer else UNKNOWN,
        "answer_repeats": covered(words, answer) if words and answer else UNKNOWN,
        "answer_shows_slots": covered(values, answer) if values and answer else UNKNOWN,
        "acted": float(bool(response.action)) if response and status else UNKNOWN,
        "prompted": float(bool(turn.prompt and (turn.prompt.text or turn.prompt.kind))),
        "said_yes": {Explicit.YES: 1.0, Explicit.NO: 0.0}.get(explicit, UNKNOWN) if explicit else UNKNOWN,
        "rating": _number(turn.feedback.rating if turn.feedback else None),
        "answer_is_prompt": alike(answer, plain(turn.prompt.text)) if answer and turn.prompt and turn.prompt.text else UNKNOWN,
    }


def _before(case: Case, text: str) -> dict[str, float]:
    before = case.before
    if before is None:
        return dict.fromkeys(("before_alike", "before_refused", "before_same_intent", "before_same_answer", "before_gap"), UNKNOWN)
    return {
        "before_alike": alike(text, plain(said(before))),
        "before_refused": _refused(before),
        "before_same_intent": _same_intent(before, case.turn),
        "before_same_answer": _same_answer(before, case.turn),
        "before_gap": math.log1p(silence_between(before, case.turn).total_seconds()),
    }


_AFTER = (
    "after_alike", "after_sound", "after_words", "after_refused", "after_done", "after_same_intent", "after_same_slots",
    "after_other_values", "after_same_answer", "after_objects", "after_barges_in", "after_in_hypotheses", "after_same_prompt",
    "after_longer", "after_lost_alike", "after_won_alike", "after_won_same_intent", "after_score",
)  # fmt: skip


def _after(case: Case, text: str) -> dict[str, float]:
    told = {"gap": math.log1p(case.gap_s) if case.gap_s is not None else UNKNOWN, "is_last": float(case.is_last)}
    told |= {"followed": float(len(case.following))}
    if not case.following:
        return told | dict.fromkeys(_AFTER, UNKNOWN)
    turn, following = case.turn, case.following[0]
    after = plain(said(following))
    tries = [(alike(text, plain(said(each))), each) for each in case.following]
    won = [(near, each) for near, each in tries if _refused(each) == 0.0]
    best = max(won, key=lambda each: each[0], default=None)
    scores = [each.score for each in following.hypotheses[:1] if each.score is not None]
    return told | {
        "after_alike": tries[0][0],
        "after_sound": alike(sound(text), sound(after)),
        "after_words": shared_words(text, after),
        "after_refused": _refused(following),
        "after_done": float(status_of(following) is ResponseStatus.DONE) if status_of(following) else UNKNOWN,
        "after_same_intent": _same_intent(turn, following),
        "after_same_slots": _same_slots(turn, following),
        "after_other_values": _other_values(turn, following),
        "after_same_answer": _same_answer(turn, following),
        "after_objects": float(_objects(after, following)),
        "after_barges_in": float(following.barge_in),
        "after_in_hypotheses": max((alike(plain(each.text), after) for each in turn.hypotheses[1:6]), default=UNKNOWN),
        "after_same_prompt": _same_prompt(turn, following),
        "after_longer": float(len(after) - len(text)),
        "after_lost_alike": max((near for near, each in tries if _refused(each) == 1.0), default=UNKNOWN),
        "after_won_alike": best[0] if best else UNKNOWN,
        "after_won_same_intent": _same_intent(turn, best[1]) if best else UNKNOWN,
        "after_score": scores[0] if scores else UNKNOWN,
    }


def _traffic(case: Case, text: str, traffic: Traffic) -> dict[str, float]:
    turn = case.turn
    near = traffic.near(text)
    intent = turn.interpretations[0].intent if turn.interpretations else ""
    status = turn.response.status if turn.response else ResponseStatus.NONE
    entry = traffic.said.get(text)
    others = entry.times - 1 if entry else 0
    done = (entry.done - (status is ResponseStatus.DONE)) / others if entry and others > 0 else UNKNOWN
    words, pairs, rarest = traffic.words_known(text)
    score = next((each.score for each in turn.hypotheses[:1]), None)
    sure = next((each.confidence for each in turn.interpretations[:1]), None)
    known = [traffic.value_known(slot, plain(str(value))) for slot, value in _slots(turn)]
    behind = [plain(each.text) for each in turn.hypotheses[1:4]]
    goods = [traffic.near(each) for each in behind if each]
    return {
        "traffic_same": math.log1p(len(entry.customers - {turn.customer_id})) if entry and traffic.turns else UNKNOWN,
        "traffic_same_done": done,
        "traffic_near": float(near.alike[0]) if len(near.alike) else UNKNOWN,
        "traffic_good": near.good,
        "traffic_good_sound": near.good_sound,
        "traffic_good_same_intent": _intent_at(traffic, near.good_place, intent),
        "traffic_oftener": near.oftener,
        "traffic_oftener_by": near.oftener_by,
        "traffic_refused": near.refused,
        "traffic_near_done": _near_share(traffic, text),
        "traffic_near_intent": _near_intent(traffic, text, intent),
        "traffic_words": words,
        "traffic_pairs": pairs,
        "traffic_rarest_pair": rarest,
        "traffic_values": min((times for times, _ in known), default=UNKNOWN),
        "traffic_values_near": min((near_by for _, near_by in known), default=UNKNOWN),
        "traffic_other_good": max((each.good for each in goods if not math.isnan(each.good)), default=UNKNOWN),
        "traffic_other_good_sound": max((each.good_sound for each in goods if not math.isnan(each.good_sound)), default=UNKNOWN),
        **_own(turn, [text, *behind], traffic),
        "score_rank": traffic.rank("asr", turn.versions.asr if turn.versions else "", score) if score is not None else UNKNOWN,
        "confidence_rank": traffic.rank("nlu", "", sure) if sure is not None else UNKNOWN,
    }


def _own(turn: Turn, heard: Sequence[str], traffic: Traffic) -> dict[str, float]:
    """What the same customer said in other talk, and what came of it: people say most things in the same words each time."""
    own = traffic.own(turn)
    texts = [text for text in heard if text]
    done = {each.text: each.sound for each in own if each.done and each.text}
    lost = {each.text for each in own if not each.done and each.text}
    return {
        "own_turns": math.log1p(len(own)) if traffic.turns else UNKNOWN,
        "own_same_done": float(sum(each.text == heard[0] for each in own if each.done)) if own else UNKNOWN,
        "own_same_lost": float(sum(each.text == heard[0] for each in own if not each.done)) if own else UNKNOWN,
        "own_done": nearest(texts, list(done)),
        "own_done_sound": nearest([sound(text) for text in texts], list(done.values())),
        "own_lost": nearest(texts, list(lost - {heard[0]})),
    }


def _near_share(traffic: Traffic, text: str) -> float:
    """How often the nearest texts were done, the nearer the more it counts."""
    near, total, done = traffic.near(text), 0.0, 0.0
    for place, weight in zip(near.places, near.alike, strict=True):
        entry = traffic.said[traffic.texts[place]]
        decided = entry.done + entry.lost
        if decided:
            total += float(weight) ** 4
            done += float(weight) ** 4 * entry.done / decided
    return done / total if total else UNKNOWN


def _near_intent(traffic: Traffic, text: str, intent: str) -> float:
    """How often the nearest texts were taken for the same."""
    near, total, same = traffic.near(text), 0.0, 0.0
    if not intent:
        return UNKNOWN
    for place, weight in zip(near.places, near.alike, strict=True):
        intents = traffic.said[traffic.texts[place]].intents
        times = sum(intents.values())
        if times:
            total += float(weight) ** 4
            same += float(weight) ** 4 * intents[intent] / times
    return same / total if total else UNKNOWN


def _intent_at(traffic: Traffic, place: int, intent: str) -> float:
    if place < 0 or not intent:
        return UNKNOWN
    return float(intent in traffic.said[traffic.texts[place]].intents)


def _slots(turn: Turn) -> list[tuple[str, object]]:
    return list(turn.interpretations[0].slots.items())[:8] if turn.interpretations else []


def _number(value: float | None) -> float:
    return UNKNOWN if value is None else float(value)


def _agree(told: Sequence[Interpretation]) -> float:
    return sum(each.intent == told[0].intent for each in told[1:]) / (len(told) - 1) if len(told) > 1 else UNKNOWN


def _refused(turn: Turn) -> float:
    """Whether it was refused, by its status or, where none is logged, by the answer's words."""
    answered = turn.response is not None and (turn.response.status is not ResponseStatus.NONE or turn.response.text)
    return float(is_refused(turn)) if answered else UNKNOWN


def _same_intent(one: Turn, other: Turn) -> float:
    if not one.interpretations or not other.interpretations:
        return UNKNOWN
    return float(one.interpretations[0].intent == other.interpretations[0].intent)


def _same_slots(one: Turn, other: Turn) -> float:
    if not one.interpretations or not other.interpretations:
        return UNKNOWN
    mine, theirs = _flat(one), _flat(other)
    together = mine.items() | theirs.items()
    return len(mine.items() & theirs.items()) / len(together) if together else 1.0


def _other_values(one: Turn, other: Turn) -> float:
    """How many slots are filled otherwise."""
    if not one.interpretations or not other.interpretations:
        return UNKNOWN
    mine, theirs = _flat(one), _flat(other)
    return float(sum(mine[name] != theirs[name] for name in mine.keys() & theirs.keys()))


def _flat(turn: Turn) -> Mapping[str, str]:
    return {name: str(value) for name, value in turn.interpretations[0].slots.items()}


def _same_answer(one: Turn, other: Turn) -> float:
    if not one.response or not other.response or not one.response.text or not other.response.text:
        return UNKNOWN
    return alike(plain(one.response.text), plain(other.response.text))


def _same_prompt(one: Turn, other: Turn) -> float:
    if not one.prompt or not other.prompt:
        return UNKNOWN
    return float(one.prompt.kind == other.prompt.kind and one.prompt.text == other.prompt.text)


def _objects(text: str, turn: Turn) -> int:
    intent = turn.interpretations[0].intent.lower() if turn.interpretations else ""
    return len(_OBJECTS & set(text.split()[:3])) + ("deny" in intent or "negate" in intent)


def _names() -> tuple[str, ...]:
    from datetime import UTC, datetime

    nobody = Turn("", "", datetime(2026, 1, 1, tzinfo=UTC))
    return tuple(told_of(Case(nobody), Traffic()))


NAMES = _names()
"""All features, in the order of every matrix."""
