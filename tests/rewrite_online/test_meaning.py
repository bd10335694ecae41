"""What pieces of texts mean: learnt from many, said for words that nobody said before, and safe against any file or text."""

from __future__ import annotations

import pytest

from resay.dialogue.turn import Context, Hypothesis
from resay.store.artifact import BrokenArtifact
from rewrite_online.fit_meaning import Lesson, common_pieces, fit_meaning
from rewrite_online.meaning import Meaning, decode_meaning, encode_meaning
from rewrite_online.pieces import pieces_of
from tests.builders import asked

LIGHT, RADIO = "light|on|", "radio|on|"


def lesson(text: str, state: str, *, right: float = 10.0, wrong: float = 0.0, room: str = "") -> Lesson:
    return Lesson(text, room, {state: 10.0}, right, wrong)


LESSONS = [
    lesson("turn on the light", LIGHT),
    lesson("light on please", LIGHT),
    lesson("turn on the lite", LIGHT, right=0, wrong=10),
    lesson("play the radio", RADIO),
    lesson("radio on please", RADIO),
    lesson("play the ratio", RADIO, right=0, wrong=10),
]

SPEAKERS = {each.text: frozenset(range(10)) for each in LESSONS}


def learnt(lessons: list[Lesson] | None = None) -> Meaning:
    weights = fit_meaning(lessons or LESSONS, common_pieces(SPEAKERS, customers_min=10), {LIGHT, RADIO})
    assert weights is not None
    return Meaning(decode_meaning(encode_meaning(weights)))


def test_words_that_nobody_said_are_told_by_their_pieces():
    """A text of known pieces is taken for what these came to mean."""
    told = learnt().likely(asked("turn on that lite").heard, at_most=2)

    assert told.states[0][0] == LIGHT
    assert told.states[0][1] > 0.6


def test_chances_sum_to_one():
    """Over all states."""
    told = learnt().likely(asked("radio").heard, at_most=10)

    assert sum(chance for _, chance in told.states) == pytest.approx(1.0, abs=1e-3)


def test_what_fails_as_said_is_told_from_what_does_not():
    """Success as said has weights of its own."""
    meaning = learnt()

    assert (
        meaning.likely(asked("play the radio").heard, at_most=1).as_said > meaning.likely(asked("play the ratio").heard, at_most=1).as_said
    )


def test_other_hypotheses_have_a_say():
    """What was heard second moves the chances."""
    alone = asked("turn the ray lo").heard
    with_second = asked("turn the ray lo", hypotheses=(Hypothesis("turn the ray lo"), Hypothesis("radio on please"))).heard
    meaning = learnt()

    def of_radio(heard: object) -> float:
        return dict(meaning.likely(heard, at_most=2).states)[RADIO]  # type: ignore[arg-type]

    assert of_radio(with_second) > of_radio(alone)


def test_the_room_decides_what_words_leave_open():
    """The same words lean to what is wanted there."""
    meaning = learnt([*LESSONS, lesson("on please", LIGHT, room="hall"), lesson("on please", RADIO, room="den")])

    hall, den = (meaning.likely(asked("on please", context=Context(room=room)).heard, at_most=1).states[0][0] for room in ("hall", "den"))

    assert (hall, den) == (LIGHT, RADIO)


@pytest.mark.parametrize("text", ["", "   ", "…", "\x00\x07", "день добрый", "wxyz " * 10_000, "🎵" * 50])
def test_any_text_is_answered(text: str):
    """Nothing known, nothing said: never an error, and never much time."""
    told = learnt().likely(asked(text).heard, at_most=3)

    assert all(0 <= chance <= 1 for _, chance in told.states)


def test_pieces_of_few_customers_are_in_nothing_that_is_learnt():
    """The floor holds for pieces too: what nine customers said is no piece of any model."""
    speakers = {**SPEAKERS, "call maggie": frozenset(range(9))}

    pieces = common_pieces(speakers, customers_min=10)

    assert "/maggie" not in pieces
    assert not any("agg" in each for each in pieces)
    assert "/light" in pieces


def test_a_text_has_the_same_pieces_however_it_is_written():
    """Case and punctuation are nobody's meaning."""
    assert pieces_of("Play the RADIO!") == pieces_of("play the radio")
    assert pieces_of("…") == frozenset()


def test_what_sounds_alike_has_pieces_in_common_however_it_is_spelt():
    """Runs of sounds are pieces too, whole words of them, behind marks that no text has."""
    sounds = [{piece for piece in pieces_of(text) if piece[0] in "~^"} for text in ("night", "knight", "radio")]

    assert sounds[0] == sounds[1] != set()
    assert not sounds[0] & sounds[2]
    assert not any(piece[0] in "~^" for piece in pieces_of("~^") | pieces_of("^ ~"))


def test_one_state_is_nothing_to_tell_apart():
    """With a single state there is no model."""
    assert fit_meaning([lesson("turn on the light", LIGHT)], ["/light"], {LIGHT}) is None


def test_the_same_lessons_give_the_same_bytes():
    """So that a generation does not change where nothing was learnt."""
    pieces = common_pieces(SPEAKERS, customers_min=10)
    first, second = (fit_meaning(LESSONS, pieces, {LIGHT, RADIO}) for _ in range(2))
    assert first is not None
    assert second is not None

    assert encode_meaning(first) == encode_meaning(second)


@pytest.mark.parametrize("content", [b"", b"\x00" * 8, b"\xff" * 64, b"\x00\x00\x00\x00\x00\x00\x00\x02{}"])
def test_a_file_of_another_kind_is_refused(content: bytes):
    """With the form that it must have."""
    with pytest.raises(BrokenArtifact, match=r"resay\.meaning/1"):
        decode_meaning(content)


def test_weights_that_are_no_numbers_are_refused():
    """A weight that is not finite would make every chance of it so."""
    weights = fit_meaning(LESSONS, common_pieces(SPEAKERS, customers_min=10), {LIGHT, RADIO})
    assert weights is not None
    weights.meant[0, 0] = float("nan")

    with pytest.raises(BrokenArtifact, match="finite"):
        decode_meaning(encode_meaning(weights))
