"""Leanings from the log: which turns they are learnt from, and what of them may be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from markov.duckdb_engine import DuckDBEngine
from markov.hearing import hear_all
from markov.leanings import end, said_so
from markov.leanings_proof import check_leanings
from markov.verify import Rules
from markov.wordings import heard_wordings
from resay.commands.learning_leanings import learn_leanings
from resay.dialogue.leaning import AS_SAID, NOT_KNOWN, Leaning, told_by
from resay.store.lake import Lake
from tests.markov.talk import Log, Said, alone, fill, names, opening, rephrased
from tests.rewrite_online.test_global_layer import wording

LAMP, RADIO = 'light|on|{"name":"lamp"}', "media|play|"
USUAL = "the usual please"
REACHED = [wording("turn on the lamp", LAMP), wording("play the radio", RADIO)]
MORNING, EVENING = "2026-11-02T07:10", "2026-11-02T20:40"


def usual(customers: Sequence[str], text: str, reading: str, *, local_time: str, day: int = 0) -> Log:
    """Each says the usual in vain, and then what they mean."""
    log = Log()
    for number, who in enumerate(customers):
        first = Said(who, 100 * number, USUAL, None, "failure", local_time=local_time, day=day)
        log += rephrased(first, replace(first, at=first.at + 8, text=text, reading=reading, outcome="success"))
    return log


def log_of(morning: int, evening: int) -> Log:
    """So many who mean the lamp in the morning, and the radio in the evening."""
    lights, songs = names(morning, "m"), names(evening, "e")
    log = opening({*lights, *songs})
    log += usual(lights, "turn on the lamp", LAMP, local_time=MORNING)
    return log + usual(songs, "play the radio", RADIO, local_time=EVENING)


def learnt(folder: Path, log: Log, **rules: int) -> list[Leaning]:
    lake = fill(Lake(folder), log)
    hear_all(lake)
    with lake.connect() as connection:
        heard = heard_wordings(DuckDBEngine(connection))
        return learn_leanings(connection, heard.wordings, Rules(**rules))


def test_words_that_mean_another_thing_in_the_evening_are_told_apart(tmp_path: Path):
    """By the hour that turns told, though no column of the lake holds it."""
    (found,) = learnt(tmp_path, log_of(20, 20))

    assert (found.text, found.state, found.ends) == (USUAL, "", (LAMP, RADIO, NOT_KNOWN))
    told = told_by(found, {"time:18-21", "time:18-24"})
    assert told is not None
    assert told.states[RADIO] > 0.9
    assert all(each.customers == 20 for each in found.cues)


def test_an_end_that_fewer_came_to_than_the_floor_asks_for_makes_no_two_minds(tmp_path: Path):
    """Nine mean the radio: the words have one meaning that may be known."""
    assert learnt(tmp_path, log_of(20, 9)) == []


def test_turns_that_we_rewrote_say_nothing(tmp_path: Path):
    """Nothing is learnt from our own rewrites as if customers had said them."""
    log = log_of(20, 20)
    ours = Log(tuple(replace(each, original=each.text) for each in log.turns), ())

    assert learnt(tmp_path, ours) == []


def test_ends_are_as_said_by_links_or_not_known(tmp_path: Path):
    """One turn each."""
    who = names(12)
    log = opening(who) + usual(who, "turn on the lamp", LAMP, local_time=MORNING)
    log += alone(*(Said(each, 50, USUAL, RADIO, day=1) for each in who), Said("c0", 60, USUAL, None, "failure", day=2))
    lake = fill(Lake(tmp_path), log)
    hear_all(lake)

    with lake.connect() as connection:
        heard_wordings(DuckDBEngine(connection))
        turns = said_so(DuckDBEngine(connection), connection, customers_min=10)[USUAL, ""]

    assert [len([each for each in turns if end in each.ends]) for end in (AS_SAID, LAMP, NOT_KNOWN)] == [12, 12, 0]
    assert len([each for each in turns if not each.ends]) == 1


def test_the_check_counts_customers_anew(tmp_path: Path):
    """A cue by which fewer speak now than the floor asks for goes, and with the last one the leaning; so do other words."""
    leanings = learnt(tmp_path, log_of(20, 12))

    with Lake(tmp_path).connect() as connection:
        known = [wording(USUAL, ""), *REACHED]
        (kept,) = check_leanings(connection, leanings, wordings=known, rules=Rules(customers_min=15))
        none = check_leanings(connection, leanings, wordings=known, rules=Rules(customers_min=21))
        other = check_leanings(connection, leanings, wordings=[wording("other words", ""), *REACHED], rules=Rules())

    assert {each.cue for each in kept.cues} == {"time:06-09", "time:06-12"}
    assert (none, other) == ([], [])


def test_no_end_is_named_that_no_wording_reaches(tmp_path: Path):
    """The state of a turn that was not understood holds its very words, which enough customers came to and too few may have said."""
    leanings = learnt(tmp_path, log_of(20, 20))

    with Lake(tmp_path).connect() as connection:
        reached = check_leanings(connection, leanings, wordings=[wording(USUAL, ""), *REACHED], rules=Rules())
        (raw,) = (replace(each, ends=("?|call zoe at home|", *each.ends[1:])) for each in leanings)
        unreached = check_leanings(connection, [raw], wordings=[wording(USUAL, ""), *REACHED], rules=Rules())

    assert (reached, unreached) == (leanings, [])


def test_how_sure_an_end_is_does_not_hang_on_the_order_of_a_sum(tmp_path: Path):
    """Shares are sums of fractions, which come out a little differently with each order."""
    with Lake(tmp_path).connect() as connection:
        told = "'t' as turn_id, 'words' as said, '' as kind, 1 as customer, 'failure' as outcome"
        connection.execute(f"create temp table told as select {told}")
        connection.execute("create temp table came_to as select 't' as turn_id, 'lamp' as state, 0.1::double + 0.2::double as share")
        engine = DuckDBEngine(connection)

        engine.run(end())

        assert engine.rows("leaning_ends").column("share").to_pylist() == [0.3]
