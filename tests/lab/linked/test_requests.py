"""Requests: what means the same, what is alike and means another thing."""

from __future__ import annotations

from random import Random

from resay.lab.linked.forms import FIELDS, FILLING_IN, form_requests
from resay.lab.linked.part import Part
from resay.lab.linked.requests import Request, Requests
from resay.label.corpora.slurp import Piece


def wish(intent: str, *pieces: str | Piece) -> Request:
    return Request(intent, tuple(each if isinstance(each, Piece) else Piece(each) for each in pieces))


JAZZ, ROCK = Piece("jazz", "genre"), Piece("rock", "genre")
PLAY, PUT_ON = wish("play_music", "play", JAZZ), wish("play_music", "put some", ROCK, "on")
DIM, LOWER, QUIET = wish("light_dim", "dim the bedroom lights"), wish("light_dim", "lower bedroom lights"), wish("light_dim", "be cosy")
STOP = wish("play_stop", "stop the song")


def test_other_words_mean_the_same_with_the_same_values():
    """The carrier is another text's, the values are its own."""
    other = Requests([PLAY, PUT_ON]).reworded(PLAY, Random(1))

    assert other is not None
    assert other.text == "put some jazz on"


def test_without_values_only_what_shares_words_means_the_same():
    """Two texts of one intent may be two wishes."""
    found = {each.text for seed in range(20) if (each := Requests([DIM, LOWER, QUIET]).reworded(DIM, Random(seed)))}

    assert found == {"lower bedroom lights"}


def test_another_value_stands_in_the_same_words():
    """Something else of the same kind."""
    other = Requests([PLAY, PUT_ON]).other_value(PLAY, Random(1))

    assert other is not None
    assert other.text == "play rock"
    assert Requests([PLAY, STOP]).other_value(STOP, Random(1)) is None


def test_a_sibling_is_of_the_same_domain_and_no_rewording():
    """Neither the same value, nor another wording of what may be the same wish."""
    requests = Requests([PLAY, PUT_ON, STOP, DIM, QUIET])

    assert {each.text for seed in range(40) if (each := requests.sibling(PLAY, Random(seed)))} == {"put some rock on", "stop the song"}
    assert requests.sibling(DIM, Random(1)) is None


def test_forms_are_filled_in_with_what_is_given():
    """Each request names a field or a thing of its part, and its value is a slot."""
    made = list(form_requests(Part.TRAIN, ["jazz"], Random(1)))
    filled = [each for each in made if each.intent.startswith(FILLING_IN)]

    assert len(filled) > 100
    assert all("jazz" in each.slots.values() and any(field in each.text for field in FIELDS) for each in filled)
    assert not any("{" in each.text or "  " in each.text for each in made)
    assert not {each.intent for each in made} & {each.intent for each in form_requests(Part.TEST, ["jazz"], Random(1))}
