"""Table `counts` is sums: days add up, the order of records does not matter, our own rewrites stand apart."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.markov.talk import Log, Said, alone, counts, rephrased

_WORDINGS = st.sampled_from([("lamp on", None), ("lamp please", None), ("turn on the lamp", "light|on|"), ("play jazz", "music|play|")])


@st.composite
def _logs(draw: st.DrawFn) -> Log:
    """One to five short sessions of three customers on two days."""
    log = Log()
    for number in range(draw(st.integers(1, 5))):
        customer, day = draw(st.sampled_from("abc")), draw(st.integers(0, 1))
        tries = []
        for place in range(draw(st.integers(1, 3))):
            text, reading = draw(_WORDINGS)
            outcome = draw(st.sampled_from(["success", "failure", "censored"]))
            tries.append(Said(customer, 1000 * number + place, text, reading, outcome, day=day))
        log += rephrased(*tries, probability=draw(st.floats(0.05, 1)))
    return log


def test_a_rephrase_is_counted_from_the_wording_and_from_the_state(tmp_path: Path):
    """A link of 0.75 takes three quarters of the turn; the rest goes to its own outcome."""
    first = Said("c", 0, "lamp on", None, "failure")
    second = Said("c", 9, "turn on the lamp", "light|on|")

    rows = {(row["source"], row["target"]): row["weight"] for row in counts(tmp_path, rephrased(first, second, probability=0.75))}

    assert rows == {
        (">|lamp on|", "light|on|"): 0.75,
        (">|lamp on|", "failure"): 0.25,
        ("?|lamp on|", "light|on|"): 0.75,
        ("?|lamp on|", "failure"): 0.25,
        (">|turn on the lamp|", "success"): 1.0,
        ("light|on|", "success"): 1.0,
    }


def test_the_same_words_again_are_a_self_loop(tmp_path: Path):
    """Repeats are kept as a count, and collapse later."""
    tries = [Said("c", n, "lamp on", None, "failure") for n in range(3)]

    rows = counts(tmp_path, rephrased(*tries, probability=1.0))

    assert [row["times"] for row in rows if row["source"] == row["target"] == ">|lamp on|"] == [2]


def test_abandonment_adds_nothing_to_absorption(tmp_path: Path):
    """A censored turn is neither success nor failure."""
    assert counts(tmp_path, alone(Said("c", 0, "lamp on", None, "censored"))) == []


def test_links_of_a_turn_share_it(tmp_path: Path):
    """Two certain links cannot both be the second try: each is half of it, and nothing is left for the outcome."""
    first = Said("c", 0, "lamp on", None, "failure")
    second, third = Said("c", 5, "lamp please", None, "censored"), Said("c", 9, "turn on the lamp", "light|on|", "censored")
    log = rephrased(first, second, probability=1.0) + Log((third,), ((first, third, 1.0),))

    rows = {row["target"]: row["weight"] for row in counts(tmp_path, log) if row["source"] == ">|lamp on|"}

    assert rows == {"?|lamp please|": 0.5, "light|on|": 0.5}


def test_what_we_rewrote_stands_apart(tmp_path: Path):
    """Nothing is learnt from our own rewrites as if customers had said them."""
    said = Said("c", 0, "turn on the lamp", "light|on|", original="lamp on")

    rows = counts(tmp_path, alone(said, Said("c", 500, "lamp on", None, "failure")))

    assert {(row["source"], row["target"], row["rewritten"]) for row in rows} == {
        (">|lamp on|", "success", True),
        ("light|on|", "success", True),
        (">|lamp on|", "failure", False),
        ("?|lamp on|", "failure", False),
    }


def test_a_rephrase_into_a_turn_that_we_rewrote_stands_apart(tmp_path: Path):
    """The state that it reached is our doing."""
    first = Said("c", 0, "lamp on", None, "failure")
    second = Said("c", 9, "turn on the lamp", "light|on|", original="lamp please")

    rows = counts(tmp_path, rephrased(first, second, probability=1.0))

    assert all(row["rewritten"] for row in rows)


def test_links_across_goals_are_not_counted(tmp_path: Path):
    """Transitions are counted inside goal segments."""
    first, second = Said("c", 0, "lamp on", None, "failure"), Said("c", 9, "turn on the lamp", "light|on|", goal="another")

    assert counts(tmp_path / "linked", rephrased(first, second)) == counts(tmp_path / "apart", alone(first, second))


@settings(max_examples=12, deadline=None)
@given(log=_logs())
def test_days_add_up(log: Log, tmp_path_factory: pytest.TempPathFactory):
    """The counts of both days are the counts of the one and the counts of the other."""
    days = [Log(_of(log, day), tuple(link for link in log.links if link[0].day == day)) for day in (0, 1)]

    together = counts(tmp_path_factory.mktemp("both"), log)
    apart = [row for number, day in enumerate(days) if day.turns for row in counts(tmp_path_factory.mktemp(f"day{number}"), day)]

    assert together == apart


@settings(max_examples=12, deadline=None)
@given(log=_logs(), random=st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(log: Log, random, tmp_path_factory: pytest.TempPathFactory):
    """To the last bit."""
    shuffled = Log(tuple(random.sample(log.turns, len(log.turns))), tuple(random.sample(log.links, len(log.links))))

    assert counts(tmp_path_factory.mktemp("one"), log) == counts(tmp_path_factory.mktemp("other"), shuffled)


def _of(log: Log, day: int) -> tuple[Said, ...]:
    return tuple(turn for turn in log.turns if turn.day == day)
