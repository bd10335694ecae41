"""`resay why`: every wording gets an account, from never said to live, and the account names the rule that decided."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from markov.candidate import Declined
from resay.commands.why_telling import MEANINGS
from resay.store.books import Books, Veto
from resay.store.lake import Lake
from resay.store.tables import FAILURE_POINTS
from tests.builders import turn
from tests.commands.answers import answer, run
from tests.commands.test_learn import DAY, ingest, talk

SAID = "lamp on now please"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that learnt from twelve customers' talk, in which others said what was not enough."""
    place = tmp_path / "home"
    place.mkdir()
    after = 9 * DAY
    few = [turn("lamp on", at=after + 20_000 + number, customer=f"c{number}", status="unsupported") for number in range(3)]
    young = [turn("sing to me", at=after + 30_000 + number, customer=f"new{number}", status="unsupported") for number in range(3)]
    asked = [turn("lamp please", at=after + 40_000, customer="c1", intent="LampOn", prompt_kind="ask_which")]
    ingest(place, [*talk(12), *few, *young, *asked])
    assert answer(place, "learn")["published"]
    return place


def test_a_live_rewrite_is_told_with_its_evidence(home: Path):
    """Which one, from which generation, and with which candidates and figures it was chosen."""
    told = answer(home, "why", "Lamp on, now please!")

    assert (told["said"], told["stage"], told["published"], told["generation"]) == (SAID, "live", True, 1)
    assert (told["live"]["target"], told["live"]["support"], told["live"]["gate"]) == ("turn on the lamp please", 12, "rewritten")
    assert (told["seen"]["times"], told["seen"]["customers"], told["seen"]["followed"]) == (12, 12, 12)
    assert told["seen"]["outcomes"] == {"failure": 12}
    (candidate,) = told["candidates"]
    assert candidate["declined"] is None
    assert [hurdle["cleared"] for hurdle in candidate["hurdles"]] == [True] * 4


def test_words_that_fail_for_another_reason_are_not_served(home: Path):
    """What stands on the table is told with why it is not said, and by how many customers that is known."""
    lake = Lake(home / "lake")
    with lake.connect() as connection:
        rows = connection.execute("select turn_id, customer_id, event_time from chain_turns where said = ?", [SAID]).fetchall()
    verdict = {"point": "correct", "model": "m"} | {"false_wake": 0.0, "asr": 0.1, "nlu": 0.1, "er": 0.0, "result": 0.0, "correct": 0.8}
    told_of = [dict(zip(("turn_id", "customer_id", "event_time"), row, strict=True)) | verdict for row in rows]
    lake.append(FAILURE_POINTS, pa.Table.from_pylist(told_of, schema=FAILURE_POINTS.schema()))
    assert answer(home, "learn")["published"]

    told, shown = answer(home, "why", SAID), run(home, "why", SAID).stdout.replace("\n", " ")

    assert (told["stage"], told["live"]["gate"]) == ("live", "not_the_words")
    assert (told["failing"]["customers"], told["failing"]["correct"]) == (12, 0.8)
    assert "but it is not served: a rewrite is known, but when these words fail it is mostly not for the words" in shown


def test_what_was_never_said_is_told_with_what_is_written_like_it(home: Path):
    """Whoever mistypes an utterance is shown the right one; it is no failure of the command."""
    told = answer(home, "why", "lamp on now pleese")

    assert (told["stage"], told["seen"]) == ("never_seen", None)
    assert told["near"][0] == {"said": SAID, "times": 12, "customers": 12}


def test_too_few_who_said_it_otherwise_are_counted_against_the_floor(home: Path):
    """The floor is named with what it was compared with."""
    told = answer(home, "why", "lamp on")

    assert told["stage"] == "not_followed_up"
    assert told["because"] == "0 customers said it in vain and then succeeded in other words; at least 10 must have"


def test_customers_who_do_not_count_are_told_apart(home: Path):
    """Accounts younger than a week have no say."""
    told = answer(home, "why", "sing to me")

    assert (told["stage"], told["seen"]["customers"], told["seen"]["counting"]) == ("nobody_counts", 3, 0)


def test_the_context_in_which_it_was_said_is_looked_at(home: Path):
    """Without being told which, the one in which it was said most often; with it, that one."""
    told, elsewhere = answer(home, "why", "lamp please"), answer(home, "why", "lamp please", "--kind", "")

    assert (told["prompt_kind"], told["stage"]) == ("ask_which", "not_followed_up")
    assert (elsewhere["prompt_kind"], elsewhere["stage"]) == ("", "never_seen")
    assert elsewhere["elsewhere"] == [{"prompt_kind": "ask_which", "times": 1, "customers": 1}]


def test_what_we_say_is_known_as_a_target(home: Path):
    """The other end of a rewrite is told too."""
    assert answer(home, "why", "turn on the lamp please")["said_for"] == [SAID]


def test_a_veto_is_told_before_and_after_the_next_learning(home: Path):
    """At once the gate holds the rewrite back; from then on the checker leaves it out."""
    books = Books(home / "books.sqlite")
    books.veto(Veto(SAID, "", "reviewer", "says nothing", datetime(2026, 11, 3, tzinfo=UTC)))
    books.close()

    held_back = answer(home, "why", SAID)
    answer(home, "learn")
    left_out = answer(home, "why", SAID)

    assert (held_back["vetoed"], held_back["live"]["gate"]) == (True, "vetoed")
    assert (left_out["stage"], left_out["vetoed"], left_out["live"]) == ("left_out", True, None)
    assert left_out["left_out"] == ["blocked: the blocklist or a veto names it"]


def test_a_higher_floor_is_told_as_the_rule(home: Path):
    """What is live with ten customers would not be published with thirteen."""
    told = answer(home, "why", SAID, "--k", "13")

    assert (told["stage"], told["k"]) == ("live_from_before", 13)


def test_it_writes_nothing(home: Path):
    """Neither books nor lake nor shelf change, nor does a second look differ."""
    before = sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*"))

    first, second = answer(home, "why", SAID), answer(home, "why", SAID)

    assert first == second
    assert sorted((path, path.stat().st_mtime_ns) for path in home.rglob("*")) == before


def test_the_account_can_be_read(home: Path):
    """For people it names customers, figures and the rule, with what was said in quotation marks."""
    live, never = run(home, "why", SAID), run(home, "why", "lamp on now pleese")

    assert "12 customers, 12 of whom count" in live.output
    assert "generation 1 says “turn on the lamp please” instead" in live.output
    assert "✓ customers who ended there: 12, needs 10" in live.output
    assert "none: nobody ever said it" in never.output


def test_a_lake_without_turns_and_a_text_without_words_are_said(tmp_path: Path):
    """Nothing to look into is a fault outside; nothing asked is a wrong usage."""
    assert "must hold turns; it holds none" in str(run(tmp_path, "why", "lamp on").exception)
    assert run(tmp_path, "why", "…").exit_code == 2


@pytest.mark.parametrize("declined", list(Declined))
def test_every_reason_of_the_miner_has_words(declined: Declined):
    """Nobody is told a code."""
    assert declined in MEANINGS
