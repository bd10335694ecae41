"""Sessions in which the assistant asks: what is said to be true of them is, and nothing of one part is in another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from failure_point.point import FailurePoint
from resay.dialogue.session import SESSION_GAP, silence_between
from resay.dialogue.turn import ResponseStatus
from resay.lab.linked import asking_answers, asking_words
from resay.lab.linked.asking import TURNS_MAX, asked_sessions
from resay.lab.linked.asking_assistant import AskingAssistant
from resay.lab.linked.asking_manner import Move, draw_asking_manner
from resay.lab.linked.asking_service import Service, Wordings, carriers
from resay.lab.linked.part import Part
from resay.lab.linked.session import Follow, LinkedSession
from resay.lab.linked.stock import stock_of
from resay.lab.linked.talk import Stock
from resay.label.corpora.slurp import SlurpText, read_slurp
from tests.made_texts import text_record, write_texts

NUMBER = 250

VALUES = {
    "food_type": ("noodles", "rye bread", "lentils", "plum cake", "fish soup", "rice"),
    "place_name": ("oslo", "the old mill", "kraków", "north harbour", "leeds", "turin"),
    "date": ("tomorrow", "next friday", "the first of may", "today", "new year"),
}

PARTED = (
    *(asking_words.THINGS, asking_words.DETAILS, asking_words.GREETINGS, asking_words.ASKS, asking_words.IMPLICIT, asking_words.EXPLICIT),
    *(asking_words.REFUSALS, asking_words.OFFERS, asking_words.TELLS, asking_words.LOST, asking_words.ELSE, asking_words.GOODBYES),
    *(asking_answers.PHRASES, asking_answers.OPENINGS, asking_answers.ANSWERS, asking_answers.CHANGES, asking_answers.INDIFFERENT),
    *(asking_answers.DETAIL, asking_answers.TWO_DETAILS, asking_answers.ALTERNATIVES, asking_answers.DENIED),
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[SlurpText]:
    records = [
        text_record(100 * intent + number, f"intent_{intent}", f"get me [{slot} : {value}] now", heard=[(f"get me {value} no", False)])
        for intent in range(20)
        for slot, values in VALUES.items()
        for number, value in enumerate(values)
    ]
    return read_slurp(write_texts(tmp_path_factory.mktemp("texts"), *records))


@pytest.fixture(scope="module")
def stock(texts: list[SlurpText]) -> Stock:
    return stock_of(texts, Part.TRAIN, seed=1)


@pytest.fixture(scope="module")
def made(stock: Stock) -> list[LinkedSession]:
    return list(asked_sessions(stock, number=NUMBER, seed=1))


def test_the_same_seed_makes_the_same_sessions(stock: Stock, made: list[LinkedSession]):
    """And another seed others."""
    assert list(asked_sessions(stock, number=NUMBER, seed=1)) == made
    assert list(asked_sessions(stock, number=NUMBER, seed=2)) != made


def test_what_was_asked_is_what_was_answered_before(made: list[LinkedSession]):
    """Word for word, where the log has both; most have."""
    both = 0
    for each in made:
        for before, after in pairwise(each.session.turns):
            if before.response and before.response.text and after.prompt:
                both += 1
                assert after.prompt.text == before.response.text
                assert after.prompt.kind == before.response.action

    assert both > 0.6 * sum(len(each.session.turns) - 1 for each in made)


def test_a_span_holds_what_is_said_again(made: list[LinkedSession]):
    """All of the turn but for a stop at its end; inside it where it says that it repairs, as some do."""
    links = [(each.session.turns[link.target].utterance, link) for each in made for link in each.links]

    assert len(links) > 150
    for said, link in links:
        assert link.start < link.end <= len(said)
        if not link.repair:
            assert said[link.start : link.end].rstrip(".!?") == said.rstrip(".!?")
    repairs = [(said, link) for said, link in links if link.repair]
    inside = [link for said, link in repairs if (link.start, link.end) != (0, len(said.rstrip(".!?")))]
    assert len(inside) > 0.9 * len(repairs) > 0.05 * len(links)


def test_links_reach_no_further_than_three_turns(made: list[LinkedSession]):
    """And their targets are told to be further tries."""
    for each in made:
        assert all(1 <= link.target - link.source <= 3 for link in each.links)
        assert {link.target for link in each.links} == {place for place, follow in each.follows.items() if follow is Follow.SAID_AGAIN}


def test_a_confirmed_value_is_no_second_try(made: list[LinkedSession]):
    """A yes or no says nothing again; the few that are linked are other words, misheard as one."""
    words = {word for word in (*asking_answers.YES, *asking_answers.NO) if word not in asking_answers.HELLOS}
    plain = [
        (each, place) for each in made for place, turn in enumerate(each.session.turns) if turn.utterance.lower().rstrip(".!?") in words
    ]
    targets = {(each.group, link.target) for each in made for link in each.links}

    assert len(plain) > 30
    assert len([place for each, place in plain if (each.group, place) in targets]) <= 0.05 * len(plain)


def test_without_misunderstanding_nothing_is_linked(stock: Stock):
    """Customers who are always understood repeat themselves now and then, and that is no second try."""
    sessions = list(asked_sessions(stock, number=100, seed=1, draw=lambda rng: replace(draw_asking_manner(rng), hears=1.0)))

    assert not [link for each in sessions for link in each.links]
    assert [place for each in sessions for place, follow in each.follows.items() if follow is Follow.REPEATED_SUCCESS]


def test_rates_lie_around_those_of_the_train_calls(made: list[LinkedSession]):
    """Shares said again by status, and second tries that come at once; DSTC2 train: .37, .15, .10, .04 and .78."""
    again: Counter[ResponseStatus] = Counter()
    turns: Counter[ResponseStatus] = Counter()
    for each in made:
        sources = {link.source for link in each.links}
        for place, turn in enumerate(each.session.turns):
            if turn.response is not None:
                turns[turn.response.status] += 1
                again[turn.response.status] += place in sources
    share = {status: again[status] / turns[status] for status in ResponseStatus}
    lags = Counter(link.target - link.source for each in made for link in each.links)

    assert 0.25 < share[ResponseStatus.UNSUPPORTED] < 0.50
    assert 0.05 < share[ResponseStatus.FAILED] < 0.25
    assert 0.04 < share[ResponseStatus.ASKED] < 0.16
    assert 0.01 < share[ResponseStatus.DONE] < 0.08
    assert 0.65 < lags[1] / lags.total() < 0.88
    assert lags[3] > 0


def test_every_kind_of_what_only_looks_like_a_second_try_is_there(made: list[LinkedSession]):
    """Each more than now and then."""
    follows = [follow for each in made for follow in each.follows.values()]

    assert all(follows.count(kind) > 0.02 * len(follows) for kind in Follow)


def test_a_session_is_one_session(made: list[LinkedSession]):
    """Times go forward, no silence ends it, and it ends somewhere."""
    for each in made:
        turns = each.session.turns
        assert 0 < len(turns) <= TURNS_MAX
        assert all(before.at <= after.at for before, after in pairwise(turns))
        assert all(silence_between(before, after) <= SESSION_GAP for before, after in pairwise(turns))


def test_logs_differ_in_what_they_hold(made: list[LinkedSession]):
    """Some have no prompts, some no status, some no readings, some no times, and some have each."""
    firsts = [each.session.turns for each in made if len(each.session.turns) > 3]

    assert {turns[0].prompt is None for turns in firsts} == {True, False}
    assert {all(turn.response is None or turn.response.status is ResponseStatus.NONE for turn in turns) for turns in firsts} == {
        True,
        False,
    }
    assert {any(turn.interpretations for turn in turns) for turns in firsts} == {True, False}
    assert {turns[0].at == turns[-1].at for turns in firsts} == {True, False}


@pytest.mark.parametrize("of", PARTED)
def test_parts_share_no_wording(of: tuple[str, ...]):
    """Each part has some, and what is scored with was never trained on."""
    each = [set(carriers(part, of)) for part in Part]

    assert all(each)
    assert sum(map(len, each)) == len(set.union(*each)) == len(set(of))


def test_an_assistant_that_is_sure_confirms_nothing_twice(stock: Stock):
    """After a yes it goes on, however often it doubts."""
    assistant = asking_assistant(stock, explicit=1.0)

    doubted = assistant.answer(frozenset({"inform(size=small)"}), assistant.greet())
    sure = assistant.answer(frozenset({"affirm()"}), doubted)
    again = assistant.answer(frozenset({"inform(size=small)"}), sure)

    assert (doubted.move, doubted.slot, doubted.value) == (Move.CONFIRM, "size", "small")
    assert sure.move is again.move is Move.OFFER


def test_a_question_is_always_put_alike(stock: Stock):
    """Asked once more, it is the very same, whichever values it names."""
    for seed in range(20):
        assistant = asking_assistant(stock, explicit=0.0, seed=seed)

        asked = assistant.answer(frozenset({"hello()"}), assistant.greet())
        again = [assistant.answer(frozenset({"hello()"}), asked) for _ in range(5)]

        assert (asked.move, asked.slot) == (Move.ASK, "size")
        assert again == [asked] * 5


def asking_assistant(stock: Stock, *, explicit: float, seed: int = 1) -> AskingAssistant:
    """One that needs a size and no more."""
    rng = Random(seed)
    manner = replace(draw_asking_manner(rng), explicit=explicit, lacks=0.0, implicit=0.0)
    service = Service("car", {"size": ("small", "large")}, ("price",), ("the red one",), ("a lot",))
    return AskingAssistant(service, manner, Wordings(stock.part, rng, 1), rng=rng)


def test_what_was_not_missed_is_correct_and_what_was_misheard_is_told_apart(made: list[LinkedSession]):
    """Of what was missed most was misheard, the rest was heard right, and some was made good all the same."""
    points = Counter((came.right, came.point) for linked in made for came in linked.came.values())

    assert {point for right, point in points if right} == {FailurePoint.CORRECT}
    assert points[False, FailurePoint.ASR] > points[False, FailurePoint.NLU] > points[False, FailurePoint.CORRECT] > 0
