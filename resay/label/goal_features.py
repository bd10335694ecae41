"""What a model of goals sees of a dialogue: vectors of what is said, and numbers that hold in any domain.

Training, scoring and the live path share this one file, so they cannot drift apart.
A number that a log does not hold is NaN, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from resay.dialogue.session import silence_between
from resay.dialogue.text import words
from resay.dialogue.turn import Explicit, Response, ResponseStatus, Turn, said
from resay.label.goal_cues import ANSWER_CUES, SAID_CUES, cues
from resay.label.reading import is_refused, status_of
from resay.label.remark import RemarkKind, remark_of

Floats = NDArray[np.float32]

WIDTH = 384
"""Numbers of a text's vector: those of MiniLM."""

TEXT_CHARS_MAX = 400
"""Characters of a text that are read: an encoder's 64 tokens."""

NEAR = 4
"""Turns on either side that a turn is compared with: beyond, few rephrase (DSTC2 train: 95 % of second tries come within three)."""

BLOCK = 3
"""Turns in each of the two blocks whose nearness tells a boundary, as TextTiling takes them."""

UNKNOWN = float("nan")


class Encode(Protocol):
    """Texts to vectors of length one."""

    def __call__(self, texts: Sequence[str], /) -> Floats:
        """One row a text."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A dialogue as a model sees it."""

    vectors: Floats
    """(turn, 3, width): what was said, what was answered, and what had been asked or answered before; zero where there are no words."""
    numbers: Floats
    """(turn, len(FEATURES)); NaN where nothing is known."""


def answer_of(turn: Turn) -> str:
    """What the assistant did: its words or, where it says none, its action."""
    return (turn.response.text or turn.response.action) if turn.response else ""


def texts_of(turns: Sequence[Turn]) -> Iterator[str]:
    """All texts of a dialogue that are encoded, so that each can be encoded once."""
    for turn in turns:
        yield from (text for text in _texts(turn) if text)


def seen(turns: Sequence[Turn], encode: Encode) -> Seen:
    """A dialogue's vectors and numbers."""
    named = [_texts(turn) for turn in turns]
    texts = list(dict.fromkeys(text for each in named for text in each if text))
    known = dict(zip(texts, encode(texts), strict=True)) if texts else {}
    nothing = np.zeros(WIDTH, dtype=np.float32)
    vectors = np.array([[known.get(text, nothing) for text in each] for each in named], dtype=np.float32).reshape(len(turns), 3, WIDTH)
    vectors[1:, 2] = np.where(vectors[1:, 2].any(axis=1, keepdims=True), vectors[1:, 2], vectors[:-1, 1])
    spoken = [words(said(turn)) for turn in turns]
    answers = [words(answer_of(turn)[:TEXT_CHARS_MAX]) for turn in turns]
    numbers = np.hstack(
        [
            np.array([_own(turn, spoken[place], answers[place]) for place, turn in enumerate(turns)], dtype=np.float32),
            np.array(_grounded(turns, spoken, answers), dtype=np.float32),
            np.array([_times(turns, place) for place in range(len(turns))], dtype=np.float32),
            np.array([_among(turns, place, spoken=spoken, answers=answers) for place in range(len(turns))], dtype=np.float32),
            _nearness(vectors),
        ]
    )
    assert numbers.shape[1] == len(FEATURES), "every feature has its name"
    return Seen(vectors, numbers)


def _texts(turn: Turn) -> tuple[str, str, str]:
    prompt = turn.prompt.text if turn.prompt else ""
    return said(turn)[:TEXT_CHARS_MAX].strip(), answer_of(turn)[:TEXT_CHARS_MAX].strip(), prompt[:TEXT_CHARS_MAX].strip()


_REMARKS = tuple(RemarkKind)
_STATUSES = tuple(ResponseStatus)


def _own(turn: Turn, spoken: list[str], answer: list[str]) -> list[float]:
    """What a turn shows by itself."""
    remark, status = remark_of(said(turn)).kind, status_of(turn)
    text = answer_of(turn)
    return [
        math.log1p(len(spoken)),
        float(not spoken),
        float("?" in said(turn)),
        *(float(remark is each) for each in _REMARKS),
        *cues(spoken, SAID_CUES),
        math.log1p(len(answer)) if turn.response else UNKNOWN,
        float("?" in text) if text else UNKNOWN,
        float(text.rstrip().endswith("?")) if text else UNKNOWN,
        *(cues(answer, ANSWER_CUES) if text else [UNKNOWN] * len(ANSWER_CUES)),
        *([float(status is each) for each in _STATUSES] if status is not None else [UNKNOWN] * len(_STATUSES)),
        float(bool(text) and is_refused(replace(turn, response=Response(text=text)))),
        float(bool(turn.response and turn.response.action)),
        *_understood(turn),
        *_heard(turn),
        *_told(turn),
    ]


def _understood(turn: Turn) -> list[float]:
    """What the NLU and the search for entities made of it."""
    sure = [each.confidence for each in turn.interpretations if each.confidence is not None]
    lost = [each.status != "resolved" for each in turn.entities]
    return [
        float(bool(turn.interpretations)),
        math.log1p(len(turn.interpretations)),
        float(len(turn.interpretations[0].slots)) if turn.interpretations else UNKNOWN,
        sure[0] if sure else UNKNOWN,
        sure[0] - sure[1] if len(sure) > 1 else UNKNOWN,
        float(sum(lost)) if lost else UNKNOWN,
        float(lost[-1]) if lost else UNKNOWN,
    ]


def _heard(turn: Turn) -> list[float]:
    """How sure the recogniser was, and whether its hypotheses agree."""
    scores = [each.score for each in turn.hypotheses if each.score is not None]
    others = [Levenshtein.normalized_similarity(turn.hypotheses[0].text.split(), each.text.split()) for each in turn.hypotheses[1:4]]
    return [
        math.log1p(len(turn.hypotheses)) if turn.hypotheses else UNKNOWN,
        math.tanh(scores[0]) if scores else UNKNOWN,
        math.tanh(scores[0] / 10) if scores else UNKNOWN,
        math.tanh(scores[0] - scores[1]) if len(scores) > 1 else UNKNOWN,
        math.tanh((scores[0] - scores[-1]) / 5) if len(scores) > 1 else UNKNOWN,
        sum(others) / len(others) if others else UNKNOWN,
        min(others) if others else UNKNOWN,
    ]


def _told(turn: Turn) -> list[float]:
    """What the customer told us outright."""
    told = turn.feedback.explicit if turn.feedback else None
    return [UNKNOWN if told is None else float(told is Explicit.YES), float(turn.barge_in)]


def _grounded(turns: Sequence[Turn], spoken: list[list[str]], answers: list[list[str]]) -> list[list[float]]:
    """Whether what the assistant does and says rests on what was said or found."""
    heard: set[str] = set()
    found: set[str] = set()
    shares = []
    for turn, mine, answer in zip(turns, spoken, answers, strict=True):
        heard.update(mine)
        for entity in turn.entities:
            found.update(words(entity.value))
        slots = turn.interpretations[0].slots.values() if turn.interpretations else ()
        values = [word for value in slots for word in words(str(value))]
        earlier = turn.interpretations[1:]
        same = [each.intent == turn.interpretations[0].intent for each in earlier]
        shares.append(
            [
                _share(values, heard),
                _share(values, found),
                _share(values, heard | found),
                _share(answer, heard),
                _share(answer, found),
                _share(mine, set(answer)) if answer else UNKNOWN,
                float(sum(same)) if earlier else UNKNOWN,
                float(any(each.slots == turn.interpretations[0].slots for each in earlier)) if earlier else UNKNOWN,
            ]
        )
    return shares


def _share(spoken: Sequence[str], known: set[str]) -> float:
    return sum(word in known for word in spoken) / len(spoken) if spoken else UNKNOWN


def _times(turns: Sequence[Turn], place: int) -> list[float]:
    """Silences, lengths and the place in the dialogue."""
    turn = turns[place]
    has_times = turns[-1].at > turns[0].at
    lasted = turn.audio.duration_s if turn.audio else None
    answered = turn.ended_at - turn.at if turn.ended_at else None
    return [
        _silence(turns[place - 1], turn) if place and has_times else UNKNOWN,
        _silence(turn, turns[place + 1]) if place + 1 < len(turns) and has_times else UNKNOWN,
        UNKNOWN if lasted is None else math.log1p(max(0.0, lasted)),
        UNKNOWN if answered is None else math.log1p(max(0.0, answered / timedelta(seconds=1))),
        float(place == 0),
        float(place == len(turns) - 1),
        math.log1p(place),
        math.log1p(len(turns) - 1 - place),
        float(turns[place + 1].barge_in) if place + 1 < len(turns) else UNKNOWN,
    ]


def _silence(earlier: Turn, later: Turn) -> float:
    return math.log1p(silence_between(earlier, later) / timedelta(seconds=1))


def _among(turns: Sequence[Turn], place: int, *, spoken: list[list[str]], answers: list[list[str]]) -> list[float]:
    """How a turn's words stand to those of its neighbours."""
    before = range(max(0, place - NEAR), place)
    after = range(place + 1, min(len(turns), place + 1 + NEAR))
    last, following = place - 1 if place else None, place + 1 if place + 1 < len(turns) else None
    mine, answer = " ".join(spoken[place]), " ".join(answers[place])
    return [
        *(_alike(mine, spoken, other) for other in (last, following)),
        max((_alike(mine, spoken, other) for other in before), default=UNKNOWN),
        max((_alike(mine, spoken, other) for other in after), default=UNKNOWN),
        *(_overlap(spoken, place, other) for other in (last, following)),
        *(_alike(answer, answers, other) if answer else UNKNOWN for other in (last, following)),
        max((_alike(answer, answers, other) for other in before), default=UNKNOWN) if answer else UNKNOWN,
        *(_same_reading(turns, place, other) for other in (last, following)),
        _overlap_with(spoken[place], answers[place - 1]) if place else UNKNOWN,
        _overlap_with(spoken[place + 1], answers[place]) if following is not None else UNKNOWN,
    ]


def _alike(mine: str, texts: list[list[str]], other: int | None) -> float:
    if other is None or not mine or not texts[other]:
        return UNKNOWN
    return fuzz.ratio(mine, " ".join(texts[other])) / 100.0


def _overlap(spoken: list[list[str]], place: int, other: int | None) -> float:
    return UNKNOWN if other is None else _overlap_with(spoken[place], spoken[other])


def _overlap_with(mine: Sequence[str], theirs: Sequence[str]) -> float:
    one, two = set(mine), set(theirs)
    return len(one & two) / len(one | two) if one and two else UNKNOWN


def _same_reading(turns: Sequence[Turn], place: int, other: int | None) -> float:
    if other is None or not turns[place].interpretations or not turns[other].interpretations:
        return UNKNOWN
    one, two = turns[place].interpretations[0], turns[other].interpretations[0]
    return (float(one.intent == two.intent) + float(one.slots == two.slots)) / 2


def _nearness(vectors: Floats) -> Floats:
    """How near in meaning a turn is to its neighbours, to its answer, and the block before it to the block after."""
    spoken, answers = vectors[:, 0], vectors[:, 1]
    own, given, across = _cosines(spoken, spoken), _cosines(answers, answers), _cosines(spoken, answers)
    turns = [
        [
            _at(own, place, place - 1),
            _at(own, place, place + 1),
            _most(own, place, range(place - NEAR, place)),
            _most(own, place, range(place + 1, place + 1 + NEAR)),
            _at(across, place, place),
            _at(across, place, place - 1),
            _at(across, place + 1, place),
            _at(given, place, place - 1),
            _at(given, place, place + 1),
            _blocks(spoken + answers, place),
            _blocks(spoken, place),
        ]
        for place in range(len(vectors))
    ]
    depths = _depths([turn[-2] for turn in turns])
    return np.array([[*turn, depth] for turn, depth in zip(turns, depths, strict=True)], dtype=np.float32)


def _cosines(one: Floats, two: Floats) -> Floats:
    """(turn, turn); NaN where either has no words."""
    there = np.outer(one.any(axis=1), two.any(axis=1))
    return np.where(there, one @ two.T, np.float32(UNKNOWN))


def _at(cosines: Floats, place: int, other: int) -> float:
    return float(cosines[place, other]) if 0 <= place < len(cosines) and 0 <= other < len(cosines) else UNKNOWN


def _most(cosines: Floats, place: int, others: range) -> float:
    near = [_at(cosines, place, other) for other in others]
    return max((each for each in near if not math.isnan(each)), default=UNKNOWN)


def _blocks(vectors: Floats, place: int) -> float:
    """The cosine of the turns before a place and those from it on."""
    before, after = vectors[max(0, place - BLOCK) : place].sum(axis=0), vectors[place : place + BLOCK].sum(axis=0)
    norm = float(np.linalg.norm(before) * np.linalg.norm(after))
    return float(before @ after) / norm if place and norm > 0 else UNKNOWN


def _depths(nearness: list[float]) -> list[float]:
    """How much less near a place is than the places beside it (TextTiling's depth)."""
    known = [1.0 if math.isnan(each) else each for each in nearness]
    sides = [(max(known[max(0, place - 2) : place + 1]), max(known[place : place + 3])) for place in range(len(known))]
    return [UNKNOWN if math.isnan(here) else left + right - 2 * here for here, (left, right) in zip(nearness, sides, strict=True)]


_OWN = (
    *("words", "no_words", "question"),
    *(f"remark_{each}" for each in _REMARKS),
    *(f"said_{each}" for each in SAID_CUES),
    *("answer_words", "answer_question", "answer_asks"),
    *(f"answer_{each}" for each in ANSWER_CUES),
    *(f"status_{each}" for each in _STATUSES),
    *("refused", "acts", "read", "readings", "slots", "confidence", "confidence_margin", "lost", "last_lost"),
    *("hypotheses", "score", "score_slow", "score_margin", "score_spread", "agreement", "agreement_least", "approved", "barge_in"),
)
_GROUND = (*("slots_heard", "slots_found", "slots_grounded", "answer_heard", "answer_found", "said_answered", "calls_alike", "calls_same"),)
_TIME = ("silence_before", "silence_after", "lasted", "answered", "first", "last", "before", "after", "cut_off")
_AMONG = (
    *("like_last", "like_next", "like_before", "like_after", "shares_last", "shares_next"),
    *("answer_like_last", "answer_like_next", "answer_like_before", "read_like_last", "read_like_next", "takes_up", "taken_up"),
)
_NEAR = (
    *("near_last", "near_next", "near_before", "near_after", "near_answer", "near_asked", "next_near_answer"),
    *("answer_near_last", "answer_near_next", "blocks", "blocks_said", "depth"),
)
FEATURES: tuple[str, ...] = (*_OWN, *_GROUND, *_TIME, *_AMONG, *_NEAR)
"""Names of the numbers, in their order."""

GROUPS: dict[str, tuple[str, ...]] = {
    "answer": tuple(name for name in FEATURES if name.startswith(("answer", "near_answer", "next_near", "taken_up", "said_answered"))),
    # Whether it is refused is told by the words alone, as the status has numbers of its own.
    "status": tuple(name for name in FEATURES if name.startswith("status_")),
    "reading": (
        "read",
        "readings",
        "slots",
        "confidence",
        "confidence_margin",
        "lost",
        "last_lost",
        "read_like_last",
        "read_like_next",
        "acts",
        *_GROUND[:3],
        *_GROUND[6:],
    ),
    "recogniser": tuple(name for name in FEATURES if name.startswith(("hypotheses", "score", "agreement"))),
    "times": ("silence_before", "silence_after", "lasted", "answered"),
    "told": ("approved",),
    "after": (
        "silence_after",
        "cut_off",
        "like_next",
        "like_after",
        "shares_next",
        "near_next",
        "near_after",
        "next_near_answer",
        "taken_up",
    ),
}
"""Numbers that a log may lack together: training leaves them out now and then."""


def places_of(groups: Iterable[str]) -> list[int]:
    """Where the numbers of some groups stand among `FEATURES`."""
    return [FEATURES.index(name) for group in groups for name in GROUPS[group]]


def without(numbers: Floats, groups: Iterable[str]) -> Floats:
    """Numbers of which some groups are not known."""
    left = numbers.copy()
    left[:, places_of(groups)] = UNKNOWN
    return left
