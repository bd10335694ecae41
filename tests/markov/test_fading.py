"""What happened long ago weighs less: nothing of eight weeks is lost, and what is older halves every eight weeks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.fading import fading
from markov.mine import mine
from resay.store.lake import Lake
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted, rephrased

TODAY = date(2026, 3, 1)


def weights(*ages: int) -> list[int]:
    """The weights of days so many days ago, the oldest first."""
    rows = fading(TODAY - timedelta(days=age) for age in ages).to_pylist()
    return [row["millionths"] for row in rows]


def test_eight_weeks_weigh_all_and_then_half():
    """Seen from the newest day."""
    assert weights(0, 1, 55, 56) == [1_000_000] * 4
    assert weights(0, 112, 168) == [250_000, 500_000, 1_000_000]


def test_an_empty_log_has_no_days():
    """Nothing is there to fade."""
    assert fading([]).num_rows == 0


@given(st.sets(st.integers(0, 4_000), min_size=2))
def test_nothing_older_weighs_more(ages: set[int]):
    """Nor does anything weigh more than a turn."""
    told = weights(0, *ages)

    assert told == sorted(told)
    assert told[-1] == 1_000_000


def test_what_came_to_nothing_long_ago_no_longer_drowns_what_fails_now(tmp_path: Path):
    """A wording worked for a hundred customers a year ago, and is refused today: today decides."""
    now = planted(customers=names(12))
    once = [Said(each, 60, "lamp on now", "light|on|", day=-365) for each in names(100, "old")]

    with fill(Lake(tmp_path), now + alone(*once)).connect() as connection:
        found = mine(DuckDBEngine(connection), Bar())

    assert [(each.source, each.target) for each in found.rewrites] == [("lamp on now", "turn on the lamp")]


def test_links_of_long_ago_fade_with_their_turns(tmp_path: Path):
    """Half of a turn's weight went to its link then, and half of what is left of it does now."""
    old = rephrased(
        Said("c", 0, "lamp on", None, "failure", day=-112), Said("c", 9, "turn on the lamp", "light|on|", day=-112), probability=0.5
    )
    log: Log = opening(["c"]) + old + alone(Said("c", 0, "hello", "chat|hello|"))

    with fill(Lake(tmp_path), log).connect() as connection:
        engine = DuckDBEngine(connection)
        mine(engine, Bar())
        (walked,) = {(row["millionths"], row["whole"]) for row in engine.rows("walked").to_pylist()}
        failures = {row["failure"] for row in engine.rows("uttered").to_pylist() if row["failure"]}

    assert (walked, failures) == ((250_000, 500_000), {250_000})


def test_what_has_faded_to_nothing_is_not_divided_by(tmp_path: Path):
    """Links of ten years ago are no links."""
    old = rephrased(Said("c", 0, "lamp on", None, "failure", day=-3650), Said("c", 9, "turn on the lamp", "light|on|", day=-3650))

    with fill(Lake(tmp_path), old + alone(Said("c", 0, "hello", "chat|hello|"))).connect() as connection:
        engine = DuckDBEngine(connection)
        mine(engine, Bar())

        assert engine.rows("walked").num_rows == 0
