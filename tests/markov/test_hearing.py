"""What the chain is counted from: days add up, a customer can be taken out to the bit, our own rewrites stand apart."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markov.candidate import Bar
from markov.duckdb_engine import DuckDBEngine
from markov.hearing import hear_all
from markov.mine import Mined, mine
from resay.store.lake import Lake
from resay.store.tables import CHAIN_TRIES, CHAIN_TURNS, LINKS, OUTCOMES, SEGMENTS, TURN_PARTS, Table
from tests.markov.talk import Log, Said, alone, facts, fill, names, planted, rephrased

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


LABELS = (TURN_PARTS, LINKS, SEGMENTS, OUTCOMES)


def test_a_link_takes_its_share_of_the_first_try(tmp_path: Path):
    """A link of 0.75 takes three quarters of the turn; the rest is left for its own outcome."""
    first = Said("c", 0, "lamp on", None, "failure")
    second = Said("c", 9, "turn on the lamp", "light|on|")

    turns, tries = facts(tmp_path, rephrased(first, second, probability=0.75))

    assert [(row["said"], row["state"], row["outcome"], row["taken"]) for row in turns] == [
        ("lamp on", "?|lamp on|", "failure", 750_000),
        ("turn on the lamp", "light|on|", "success", 0),
    ]
    told = [(row["source_said"], row["source_state"], row["target_said"], row["target_state"], row["millionths"]) for row in tries]
    assert told == [("lamp on", "?|lamp on|", "turn on the lamp", "light|on|", 750_000)]


def test_links_of_a_turn_share_it(tmp_path: Path):
    """Two certain links cannot both be the second try: each is half of it, and nothing is left for the outcome."""
    first = Said("c", 0, "lamp on", None, "failure")
    second, third = Said("c", 5, "lamp please", None, "censored"), Said("c", 9, "turn on the lamp", "light|on|", "censored")
    log = rephrased(first, second, probability=1.0) + Log((third,), ((first, third, 1.0),))

    turns, tries = facts(tmp_path, log)

    assert {row["target_said"]: row["millionths"] for row in tries} == {"lamp please": 500_000, "turn on the lamp": 500_000}
    assert {row["said"]: row["taken"] for row in turns} == {"lamp on": 1_000_000, "lamp please": 0, "turn on the lamp": 0}


def test_what_we_rewrote_is_marked(tmp_path: Path):
    """Nothing is learnt from our own rewrites as if customers had said them, nor from tries that lead to one."""
    first = Said("c", 0, "lamp on", None, "failure")
    second = Said("c", 9, "turn on the lamp", "light|on|", original="lamp please")

    turns, tries = facts(tmp_path, rephrased(first, second, probability=1.0))

    assert {row["said"]: row["rewritten"] for row in turns} == {"lamp on": False, "lamp please": True}
    assert [row["rewritten"] for row in tries] == [True]


def test_links_across_goals_are_no_tries(tmp_path: Path):
    """Transitions are counted inside goal segments."""
    first, second = Said("c", 0, "lamp on", None, "failure"), Said("c", 9, "turn on the lamp", "light|on|", goal="another")

    turns, tries = facts(tmp_path, rephrased(first, second))

    assert tries == []
    assert [row["taken"] for row in turns] == [0, 0]


def test_the_last_labeller_that_judged_a_turn_is_believed(tmp_path: Path):
    """By name; a turn that it did not judge keeps what an older one said."""
    one, other = Said("c", 0, "lamp on", None, "failure"), Said("c", 900, "play jazz", "music|play|", "failure")
    lake = fill(Lake(tmp_path), alone(one, other))
    newer = {"turn_id": one.turn_id, "customer_id": "c", "event_time": one.when, "outcome": "success", "defect": 0.0, "labeller": "truth/2"}
    lake.append(OUTCOMES, pa.Table.from_pylist([newer], schema=OUTCOMES.schema()))

    hear_all(lake)

    assert {row["said"]: row["outcome"] for row in _rows(lake, CHAIN_TURNS)} == {"lamp on": "success", "play jazz": "failure"}


def test_cohorts_of_a_turn_are_kept(tmp_path: Path):
    """As the turn told them; nothing where it told none."""
    lake = fill(Lake(tmp_path), alone(Said("c", 0, "lamp on", None, cohorts=("en-GB", "new")), Said("c", 900, "play jazz", None)))

    hear_all(lake)

    assert {row["said"]: row["cohorts"] for row in _rows(lake, CHAIN_TURNS)} == {"lamp on": ["en-GB", "new"], "play jazz": None}


@settings(max_examples=12, deadline=None)
@given(log=_logs(), random=st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(log: Log, random: Random, tmp_path_factory: pytest.TempPathFactory):
    """To the last bit."""
    shuffled = Log(tuple(random.sample(log.turns, len(log.turns))), tuple(random.sample(log.links, len(log.links))))

    assert facts(tmp_path_factory.mktemp("one"), log) == facts(tmp_path_factory.mktemp("other"), shuffled)


@settings(max_examples=8, deadline=None)
@given(log=_logs())
def test_days_add_up(log: Log, tmp_path_factory: pytest.TempPathFactory):
    """What is kept after two days, each heard when it had come, is what hearing both at once gives."""
    lake = Lake(tmp_path_factory.mktemp("nightly"))

    for day in (0, 1):
        fill(lake, Log(_of(log, day), tuple(link for link in log.links if link[0].day == day)))
        hear_all(lake)

    turns, tries = facts(tmp_path_factory.mktemp("at-once"), log)
    assert (_rows(lake, CHAIN_TURNS), _rows(lake, CHAIN_TRIES)) == (_told(turns, CHAIN_TURNS), _told(tries, CHAIN_TRIES))


def test_hearing_again_changes_nothing(tmp_path: Path):
    """Nothing has changed, so that nothing is judged, and nothing is written."""
    lake = fill(Lake(tmp_path), planted(customers=names(12)))
    heard = hear_all(lake)
    versions = lake.version(CHAIN_TURNS), lake.version(CHAIN_TRIES)

    again = hear_all(lake)

    assert (heard > 0, again) == (True, 0)
    assert (lake.version(CHAIN_TURNS), lake.version(CHAIN_TRIES)) == versions


def test_a_night_judges_the_new_day_alone(tmp_path: Path):
    """What was heard before is left as it stands."""
    log = planted(customers=names(12))
    lake = fill(Lake(tmp_path), log)
    hear_all(lake)
    new = rephrased(Said("c1", 50, "lamp on now", None, "failure", day=3), Said("c1", 60, "turn on the lamp", "light|on|", day=3))
    fill(lake, new)

    assert hear_all(lake) == 2

    assert len(_rows(lake, CHAIN_TURNS)) == len(log.turns) + 2


def test_a_customer_who_is_deleted_leaves_no_trace(tmp_path: Path):
    """What is kept, and what is mined from it, equals to the bit what the others alone would have left."""
    gone, others = planted(customers=names(13)), names(13)[1:]
    alone_in_it = rephrased(Said("c0", 7000, "dim it", None, "failure"), Said("c0", 7010, "lamp low", "light|dim|"))
    lake = fill(Lake(tmp_path / "with"), gone + alone_in_it)
    hear_all(lake)
    fewer = Lake(tmp_path / "without")
    fill(fewer, Log(tuple(each for each in gone.turns if each.customer in {*others, *names(30, "other")}), _links_of(gone, others)))
    hear_all(fewer)

    for table in LABELS:
        rows = [row for row in _rows(lake, table) if row["customer_id"] == "c0"]
        keys = [{name: row[name] for name in table.key} for row in rows]
        lake.remove(table, pa.Table.from_pylist(keys, schema=pa.schema([table.schema().field(name) for name in table.key])))
    hear_all(lake)

    assert (_rows(lake, CHAIN_TURNS), _rows(lake, CHAIN_TRIES)) == (_rows(fewer, CHAIN_TURNS), _rows(fewer, CHAIN_TRIES))
    assert _mined(lake) == _mined(fewer)
    assert [each.support for each in _mined(lake).rewrites] == [12]


def test_what_is_kept_teaches_what_labels_teach(tmp_path: Path):
    """Whether the rows lie there or are made anew."""
    lake = fill(
        Lake(tmp_path), planted(customers=names(12)) + rephrased(Said("d", 1, "dim", None, "failure"), Said("d", 9, "low", "light|dim|"))
    )
    with lake.connect() as connection:
        anew = mine(DuckDBEngine(connection), Bar())

    hear_all(lake)

    assert _mined(lake) == anew
    assert len(anew.rewrites) == 1


def _mined(lake: Lake) -> Mined:
    with lake.connect() as connection:
        return mine(DuckDBEngine(connection), Bar(), kept=True)


def _of(log: Log, day: int) -> tuple[Said, ...]:
    return tuple(turn for turn in log.turns if turn.day == day)


def _links_of(log: Log, customers: list[str]) -> tuple[tuple[Said, Said, float], ...]:
    return tuple(link for link in log.links if link[0].customer in customers)


def _rows(lake: Lake, table: Table) -> list[dict[str, object]]:
    with lake.connect() as connection:
        return _told(connection.table(table.name).to_arrow_table().to_pylist(), table)


def _told(rows: list[dict[str, object]], table: Table) -> list[dict[str, object]]:
    names = table.schema().names
    return sorted(({name: row[name] for name in names} for row in rows), key=lambda row: [str(row[name]) for name in table.key])
