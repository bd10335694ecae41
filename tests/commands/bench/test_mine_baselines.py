"""The baselines by hand: what is counted, and what is not."""

from __future__ import annotations

from resay.commands.bench.mine_baselines import Heard, Proposal, failing, frequent, paired


def session(name: str, *tries: str) -> list[Heard]:
    """A session of one customer, named as it is; `!` behind what failed, `?` behind what nobody knows of."""
    outcomes = {"!": False, "?": None}
    return [Heard(f"{name}.{place}", name, name, said.rstrip("!?"), outcomes.get(said[-1], True)) for place, said in enumerate(tries)]


TALK = [
    *session("a", "lamp!", "light on", "time"),
    *session("b", "lamp!", "lamp!", "light on"),
    *session("c", "lamp!", "light?", "time"),
    *session("d", "time", "lamp!"),
    *session("e", "light on", "joke!", "joke"),
]


def test_the_most_frequent_success_later_in_the_session_is_proposed():
    """Two customers came to the light, two asked for the time; of equals the first by letters; once a customer, however often."""
    assert frequent(TALK, customers_min=2) == [Proposal("lamp", "light on", 2.0)]


def test_what_came_before_is_no_success_after():
    """Who asks for the time and then in vain for the lamp did not mean the time."""
    assert frequent(session("d", "time", "lamp!"), customers_min=1) == []


def test_pairs_count_what_was_linked_likelier_than_not():
    """However often the other thing followed."""
    links = [("a.0", "a.1", 0.9), ("b.1", "b.2", 0.5), ("c.0", "c.2", 0.4), ("a.0", "a.2", 0.49), ("d.0", "d.1", 0.9), ("x", "y", 1.0)]

    assert paired(TALK, links, customers_min=2) == [Proposal("lamp", "light on", 2.0)]
    assert paired(TALK, links[2:], customers_min=2) == []


def test_a_wording_that_mostly_works_or_fails_few_is_left_alone():
    """As the miner leaves it alone."""
    assert failing(TALK, customers_min=2) == {"lamp"}
    assert failing(TALK, customers_min=5) == set()
    assert failing(session("e", "joke!", "joke"), customers_min=1) == set()
