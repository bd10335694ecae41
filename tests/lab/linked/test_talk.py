"""Sessions made of texts: what is said to be true of them is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from resay.dialogue.session import SESSION_GAP, silence_between
from resay.dialogue.text import words
from resay.lab.linked.part import Part, part_of
from resay.lab.linked.repair_forms import BARE, CONTRASTS, PLAIN, forms
from resay.lab.linked.session import Follow, LinkedSession
from resay.lab.linked.stock import stock_of
from resay.lab.linked.talk import TURNS_MAX, made_sessions
from resay.label.corpora.slurp import SlurpText, read_slurp
from tests.made_texts import write_texts

NUMBER = 150


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[SlurpText]:
    return read_slurp(write_texts(tmp_path_factory.mktemp("texts")))


@pytest.fixture(scope="module")
def made(texts: list[SlurpText]) -> list[LinkedSession]:
    return list(made_sessions(stock_of(texts, Part.TRAIN, seed=1), number=NUMBER, seed=1))


def test_the_same_seed_makes_the_same_sessions(texts: list[SlurpText], made: list[LinkedSession]):
    """Byte for byte, and another seed others."""
    again = list(made_sessions(stock_of(texts, Part.TRAIN, seed=1), number=NUMBER, seed=1))
    other = list(made_sessions(stock_of(texts, Part.TRAIN, seed=1), number=NUMBER, seed=2))

    assert again == made
    assert other != made


def test_what_is_linked_was_said_again(made: list[LinkedSession]):
    """A target is told to be a further try, nothing else is, and no turn has two second tries."""
    for each in made:
        targets = [link.target for link in each.links]
        assert len(set(targets)) == len(targets) == len({link.source for link in each.links})
        assert set(targets) == {place for place, follow in each.follows.items() if follow is Follow.SAID_AGAIN}


def test_a_whole_second_try_is_spanned_whole(made: list[LinkedSession]):
    """Where nothing stands around the request, the span is all of it but for a stop at its end."""
    for each in made:
        for link in each.links:
            said = each.session.turns[link.target].utterance
            if not link.repair:
                assert said[link.start : link.end].rstrip(".!?") == said.rstrip(".!?")


def test_enough_second_tries_are_repairs_whose_span_is_inside(made: list[LinkedSession]):
    """More than a fifth, most of them with words around the span."""
    links = [(each, link) for each in made for link in each.links]
    repairs = [(each, link) for each, link in links if link.repair]
    inside = [link for each, link in repairs if words(each.session.turns[link.target].utterance[: link.start])]

    assert len(repairs) > 0.2 * len(links) > 20
    assert len(inside) > 0.5 * len(repairs)


def test_every_kind_of_what_only_looks_like_a_second_try_is_there(made: list[LinkedSession]):
    """Each more than now and then."""
    follows = [follow for each in made for follow in each.follows.values()]

    assert all(follows.count(kind) > 0.02 * len(follows) for kind in Follow)


def test_a_session_is_one_session(made: list[LinkedSession]):
    """Times go forward, no silence ends it, and it ends somewhere."""
    for each in made:
        turns = each.session.turns
        assert len(turns) <= TURNS_MAX
        assert all(before.at <= after.at for before, after in pairwise(turns))
        assert all(silence_between(before, after) <= SESSION_GAP for before, after in pairwise(turns))


def test_logs_differ_in_what_they_hold(made: list[LinkedSession]):
    """Some have no status, some no words of the assistant, some no times, and some have all."""
    firsts = [each.session.turns for each in made if len(each.session.turns) > 1]
    held = {(any(turn.response and turn.response.text for turn in turns), turns[0].at < turns[-1].at) for turns in firsts}

    assert held == {(words, times) for words in (False, True) for times in (False, True)}


def test_parts_share_neither_requests_nor_ways_to_repair(texts: list[SlurpText]):
    """What is scored with was never trained on."""
    intents = {part: {text.intent for text in texts if part_of(text.intent) is part} for part in Part}
    assert all(intents.values())
    for kind in (PLAIN, CONTRASTS, BARE):
        of = [set(forms(part, kind)) for part in Part]
        assert sum(map(len, of)) == len(set.union(*of)) == len(kind)
