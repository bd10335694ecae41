"""Own records: how what we said in place of wordings fared, by wording where that may be named, and by the nearest one where not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from markov.duckdb_engine import DuckDBEngine
from markov.hearing import hear_all
from markov.own_record import with_own_record
from markov.steps import Floors
from markov.wordings import heard_wordings
from resay.dialogue.wording import Fared, Wording
from resay.store.lake import Lake
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted

LAMP = 'light|on|{"name":"lamp"}'


def fared(folder: Path, log: Log, *, near: dict[str, str] | None = None) -> dict[str, tuple[Fared, ...]]:
    """The records by wording; `near` says of which wording another text is the nearest."""
    lake = fill(Lake(folder), log)
    hear_all(lake)
    with lake.connect() as connection:
        engine = DuckDBEngine(connection)
        wordings = {each.text: each for each in heard_wordings(engine, Floors()).wordings}

        def nearest(said: str, _kind: str) -> Wording | None:
            return wordings.get(said) or wordings.get((near or {}).get(said, ""))

        return {each.text: each.fared for each in with_own_record(engine, list(wordings.values()), nearest)}


def tried(customers: Sequence[str], said: str, outcome: str = "success", *, day: int = 9, put: str = "turn on the lamp") -> Log:
    """We put something in place of what these customers said."""
    reading = LAMP if put == "turn on the lamp" else None
    return alone(*(Said(each, 90, put, reading, outcome, original=said, day=day) for each in customers))


KNOWN = planted(customers=names(12))
"""Ten say "lamp on now" in vain, and many "turn on the lamp" with success."""


def test_what_we_said_in_place_of_a_wording_is_its_record(tmp_path: Path):
    """By the state that was reached, on the newest day in full."""
    log = KNOWN + tried(names(12)[:5], "lamp on now") + tried(names(12)[5:9], "lamp on now", "failure")

    assert fared(tmp_path, log)["lamp on now"] == (Fared(LAMP, is_near=False, wins=5.0, losses=4.0),)


def test_what_too_few_said_counts_for_the_wording_that_it_is_near_to(tmp_path: Path):
    """Their text stands nowhere."""
    log = KNOWN + tried(names(12)[:4], "lamb on now", "failure")

    found = fared(tmp_path, log, near={"lamb on now": "lamp on now"})

    assert found["lamp on now"] == (Fared(LAMP, is_near=True, wins=0.0, losses=4.0),)
    assert "lamb" not in repr(found)


def test_what_is_near_to_nothing_has_no_record(tmp_path: Path):
    """There is nothing that it could be kept by."""
    assert fared(tmp_path, KNOWN + tried(names(12)[:4], "lamb on now", "failure"))["lamp on now"] == ()


def test_two_customers_do_not_speak_against_it(tmp_path: Path):
    """They may be one household; what speaks for it counts all the same."""
    log = KNOWN + tried(names(12)[:2], "lamp on now", "failure") + tried(names(12)[2:3], "lamp on now")

    assert fared(tmp_path, log)["lamp on now"] == (Fared(LAMP, is_near=False, wins=1.0, losses=0.0),)


def test_one_customer_weighs_one_a_day(tmp_path: Path):
    """However often they try."""
    often = alone(*(Said("c0", 90 + 9 * number, "turn on the lamp", LAMP, original="lamp on now", day=9) for number in range(30)))

    assert fared(tmp_path, KNOWN + often)["lamp on now"] == (Fared(LAMP, is_near=False, wins=1.0, losses=0.0),)


def test_what_was_tried_long_ago_is_half_forgotten(tmp_path: Path):
    """Two weeks: half; and behind eight weeks it is gone."""
    later = alone(Said("c0", 0, "hello", "smalltalk|hello|", day=23))
    log = KNOWN + tried(names(12)[:4], "lamp on now") + later

    assert fared(tmp_path / "half", log)["lamp on now"][0].wins == pytest.approx(2.0, abs=0.01)
    gone = KNOWN + tried(names(12)[:4], "lamp on now") + alone(Said("c0", 0, "hello", "smalltalk|hello|", day=66))
    assert fared(tmp_path / "gone", gone)["lamp on now"] == ()


def test_a_target_that_broke_is_told_from_what_it_was(tmp_path: Path):
    """Weeks of wins before the day on which the assistant forgot the target are no evidence any more."""
    won = [tried(names(12), "lamp on now", day=day) for day in range(9, 20)]
    lost = alone(*(Said(each, 90, "turn on the lamp", None, "failure", original="lamp on now", day=20) for each in names(12)))

    found = fared(tmp_path, sum(won, start=KNOWN) + lost)["lamp on now"]

    assert [(each.state, each.wins, each.losses) for each in found] == [(LAMP, 0.0, 12.0)]


def test_sessions_and_young_accounts_have_no_say(tmp_path: Path):
    """As everywhere."""
    young = tried([f"young{number}" for number in range(9)], "lamp on now", "failure")
    sessions = alone(
        *(
            Said(f"s{number}", 90, "turn on the lamp", LAMP, "failure", original="lamp on now", day=9, customer_kind="session")
            for number in range(9)
        )
    )

    assert fared(tmp_path, KNOWN + opening(names(9, "s")) + young + sessions)["lamp on now"] == ()
