"""What is learnt without a voice: neither its words nor what is known of them, so that a ranker sees what a new voice will be."""

from __future__ import annotations

import pytest

from markov.voices import NO_VOICE
from markov.wordings import Heard, Spoken
from resay.commands.learning_folds import known_without, lessons_of, meanings_of
from resay.dialogue.rewrite import Risk
from resay.dialogue.wording import Wording
from rewrite_online.lessons import Came
from rewrite_online.recall import recall_beside
from tests.builders import turn

LIGHT, RADIO = "light|on|", "radio|on|"


def spoken(text: str, state: str, voice: int, *, right: float = 0.0, wrong: float = 0.0) -> Spoken:
    return Spoken(text, "", "", right, wrong, {state: right + wrong}, voice)


def wording(text: str, state: str, times: float = 20.0) -> Wording:
    return Wording(text, "", state, Risk.LOW, 20, times, 0.9, 1)


SPOKEN = (
    spoken("turn on the light", LIGHT, 0, right=10),
    spoken("turn on the light", LIGHT, 1, right=10),
    spoken("play the radio", RADIO, 0, right=10),
    spoken("play the radio", RADIO, 1, right=10),
    spoken("burn on delight", LIGHT, 1, wrong=10),
)
WORDINGS = (wording("turn on the light", LIGHT), wording("play the radio", RADIO), wording("burn on delight", "", 10.0))


def heard(*told: Spoken) -> Heard:
    return Heard(WORDINGS, told, (), {each.text: frozenset(range(10)) for each in told})


def test_a_voice_is_left_out_with_its_words():
    """What it alone was heard to say is no lesson, and what others say too counts by them."""
    lessons = {each.text: each for each in lessons_of(SPOKEN, without=1)}

    assert set(lessons) == {"turn on the light", "play the radio"}
    assert lessons["turn on the light"].right == 10


def test_all_together_are_as_if_there_were_no_voices():
    """One text in one room is one lesson, whoever said it."""
    lessons = {each.text: each for each in lessons_of(SPOKEN)}

    assert len(lessons) == 3
    assert (lessons["turn on the light"].right, lessons["turn on the light"].meant) == (20, {LIGHT: 20})


def test_what_a_voice_alone_says_is_not_known_without_it():
    """A wording of it alone is none, and one of all has the record of the others."""
    known = {each.text: each for each in known_without(1, SPOKEN, WORDINGS, k=10)}

    assert set(known) == {"turn on the light", "play the radio"}
    assert (known["play the radio"].times, known["play the radio"].customers) == (10, 10)
    assert known["play the radio"].success == pytest.approx(11 / 12)


def test_a_turn_is_shown_what_was_learnt_from_other_voices():
    """Of the one voice that was heard so, nothing is known of its words; of another, their sounds are."""
    recall = recall_beside(WORDINGS, ())
    learnt = meanings_of(heard(*SPOKEN), WORDINGS, recall, k=10)
    assert learnt is not None
    one, other = (learnt.without(Came(turn("burn on delight"), False, {}, voice=voice)) for voice in (0, 1))

    assert "/delight" in one.meaning.pieces
    light = one.meaning.states.index(LIGHT)
    piece = one.meaning.pieces.index("/delight")
    assert one.meaning._weights.meant[piece, light] > 0
    assert other.meaning._weights.meant[piece, light] == pytest.approx(0, abs=1e-6)


def test_without_voices_texts_are_parted():
    """A text is asked about as if nobody had said it."""
    more = [
        spoken(f"{each} on {again}", state, 0, right=5)
        for each, state in (("light", LIGHT), ("radio", RADIO))
        for again in ("now", "please", "tonight", "in the hall", "soon", "for me")
    ]
    alone = tuple(Spoken(each.text, "", "", each.right, each.wrong, each.meant, NO_VOICE) for each in (*SPOKEN, *more))
    learnt = meanings_of(heard(*alone), WORDINGS, recall_beside(WORDINGS, ()), k=10)
    assert learnt is not None
    told = learnt.without(Came(turn("burn on delight"), False, {})).meaning

    assert told._weights.meant[told.pieces.index("/delight")] == pytest.approx(0, abs=1e-6)


def test_where_nearly_all_is_of_one_voice_texts_are_parted():
    """Without that voice too little would be left; the layer is learnt all the same."""
    more = [
        spoken(f"{each} on {again}", state, 0, right=5)
        for each, state in (("light", LIGHT), ("radio", RADIO))
        for again in ("now", "please", "tonight", "in the hall", "soon", "for me")
    ]
    few = spoken("lights", LIGHT, 1, wrong=1)
    learnt = meanings_of(heard(*more, few), WORDINGS, recall_beside(WORDINGS, ()), k=10)

    assert learnt is not None
    told = learnt.without(Came(turn("light on now"), True, {}, voice=0))
    assert (told.voice, told.meaning.states) == (None, (LIGHT, RADIO))


def test_whoever_is_of_no_voice_is_shown_all():
    """Nobody else says what they say in vain; so is whoever is of a voice of which nothing is left."""
    learnt = meanings_of(heard(*SPOKEN), WORDINGS, recall_beside(WORDINGS, ()), k=10)
    assert learnt is not None

    told = [learnt.without(Came(turn("burn on delight"), False, {}, voice=voice)) for voice in (None, 3, 1)]

    assert [each.voice for each in told] == [None, None, 1]
