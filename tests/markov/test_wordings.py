"""Wordings from the log: who counts, what they fared, what came of those in vain; and their check, which counts anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from markov.duckdb_engine import DuckDBEngine
from markov.hearing import hear_all
from markov.proof import Proof, Verdict
from markov.publish import Card, Content, publish_content, roll_back
from markov.verify import Rules
from markov.wordings import Heard, Spoken, heard_wordings
from markov.wordings_proof import Checked, bound_to, check_wordings, encode_wordings_proof, floor_of, wordings_hold
from resay.commands.learning_global import Global, GlobalRules, carried
from resay.dialogue.rewrite import Rewrite, Risk
from resay.dialogue.wording import Failing, Fared, Wording
from resay.store.artifact import BrokenArtifact, Shelf
from resay.store.lake import Lake
from resay.store.rewrites import REWRITES_FILE, encode_rewrites
from resay.store.wordings import (
    FINDER_FILE,
    MEANING_FILE,
    RANKER_FILE,
    WORDINGS_FILE,
    WORDINGS_PROOF_FILE,
    decode_wordings,
    encode_wordings,
)
from rewrite_online.global_certificate import finder_files
from tests.builders import BASE
from tests.markov.talk import Log, Said, alone, fill, names, opening, planted, rephrased

LAMP = 'light|on|{"name":"lamp"}'


def heard(folder: Path, log: Log) -> Heard:
    lake = fill(Lake(folder), log)
    hear_all(lake)
    with lake.connect() as connection:
        return heard_wordings(DuckDBEngine(connection))


def checked(folder: Path, log: Log, *wordings: Wording, **rules: object) -> Checked:
    with fill(Lake(folder), log).connect() as connection:
        return check_wordings(connection, wordings, replace(Rules(), **rules))  # type: ignore[arg-type]


def wording(folder: Path, log: Log, text: str) -> Wording | None:
    return next((each for each in heard(folder, log).wordings if each.text == text), None)


def spoken(told: Heard, text: str) -> Spoken:
    return next(each for each in told.spoken if each.text == text)


def test_a_wording_of_enough_customers_is_known_with_its_record(tmp_path: Path):
    """State, customers, success with the uniform prior, the day, and turns that show it."""
    found = wording(tmp_path, planted(customers=names(10)), "turn on the lamp")

    assert found is not None
    assert (found.state, found.customers, found.times, found.risk) == (LAMP, 40, 40.0, Risk.LOW)
    assert found.success == pytest.approx(41 / 42)
    assert len(found.evidence) == 6


def test_what_is_refused_has_no_state(tmp_path: Path):
    """It is known, and fails."""
    found = wording(tmp_path, planted(customers=names(10)), "lamp on now")

    assert found is not None
    assert (found.state, found.evidence) == ("", ())
    assert found.success == pytest.approx(1 / 12)


def test_nine_customers_are_no_wording(tmp_path: Path):
    """Below the floor nothing is known of a text."""
    assert wording(tmp_path, planted(customers=names(9)), "lamp on now") is None


@pytest.mark.parametrize("changed", [{"customer_kind": "session"}, {}])
def test_sessions_and_young_accounts_do_not_count(tmp_path: Path, changed: dict[str, str]):
    """Ten of them are nobody: those who are but sessions, and those whom nobody saw a week ago."""
    log = planted(customers=names(10), **changed)  # type: ignore[arg-type]
    young = Log(tuple(turn for turn in log.turns if turn.text != "hello" or turn.customer.startswith("other")), log.links)

    assert wording(tmp_path, young if not changed else log, "lamp on now") is None


def test_what_we_said_is_nobodys_wording(tmp_path: Path):
    """Turns that we rewrote count for nothing, neither what was said nor what was put in its place."""
    log = opening(names(12)) + alone(*(Said(each, 50, "turn on the lamp", LAMP, original="lamp") for each in names(12)))

    assert [each.text for each in heard(tmp_path, log).wordings] == ["hello"]


def test_texts_that_point_to_one_person_are_left_out(tmp_path: Path):
    """However many said them."""
    log = opening(names(12)) + alone(*(Said(each, 50, "call maggie", "phone|call|") for each in names(12)))

    assert [each.text for each in heard(tmp_path, log).wordings] == ["hello"]


def test_what_was_said_in_vain_means_what_it_came_to(tmp_path: Path):
    """By links, as far as they are sure; and through another try in vain."""
    first = Said("c0", 0, "lamp on now", None, "failure")
    again = replace(first, at=5, text="the lamp")
    last = replace(first, at=9, text="turn on the lamp", reading=LAMP, outcome="success")
    log = planted(customers=names(10, "d")) + opening(["c0"]) + rephrased(first, again, last, probability=0.8)

    told = heard(tmp_path, log)

    assert spoken(told, "the lamp").meant == {LAMP: pytest.approx(0.8)}
    # Ten others with a link of 0.9, and this one by two of 0.8.
    assert spoken(told, "lamp on now").meant == {LAMP: pytest.approx(10 * 0.9 + 0.64)}
    assert (spoken(told, "lamp on now").right, spoken(told, "lamp on now").wrong) == (0.0, 11.0)


def test_tries_that_we_rewrote_are_no_second_tries(tmp_path: Path):
    """What succeeded because of us says nothing of what customers mean."""
    first = Said("c0", 0, "the lamp", None, "failure")
    ours = replace(first, at=9, text="turn on the lamp", reading=LAMP, outcome="success", original="lamp please")
    log = planted(customers=names(10, "d")) + opening(["c0"]) + rephrased(first, ours)

    assert spoken(heard(tmp_path, log), "the lamp").meant == {}


def test_what_voices_say_is_told_apart_and_counted_once(tmp_path: Path):
    """Customers who are misheard alike stand together; what all say is told of each group, and adds up to what was said."""
    people = [(voice, f"c{voice}-{number}") for voice in range(4) for number in range(12)]
    log = opening([customer for _, customer in people])
    log += alone(*(Said(customer, 6000, "turn on the lamp", 'light|on|{"name":"lamp"}') for _, customer in people))
    for voice, customer in people:
        log += alone(*(Said(customer, 7000 + 60 * place, f"lump {voice} {place}", None, "failure") for place in range(10)))

    told = [each for each in heard(tmp_path, log).spoken if each.text == "turn on the lamp"]

    assert [each.right for each in told] == [12.0] * 4
    assert [each.meant for each in told] == [{LAMP: 12.0}] * 4
    assert len({each.voice for each in told}) == 4


def test_one_customer_counts_for_no_more_than_a_week_of_a_habit(tmp_path: Path):
    """Who says it a hundred times is five."""
    log = planted(customers=names(10)) + alone(*(Said("c0", 9000 + number, "lamp on now", None, "failure") for number in range(100)))

    told = spoken(heard(tmp_path, log), "lamp on now")

    assert told.wrong == pytest.approx(9 + 5, abs=0.01)


def test_turns_to_learn_from_are_few_of_each_text(tmp_path: Path):
    """The frequent do not crowd the rare out."""
    told = heard(tmp_path, planted(customers=names(10)))

    assert sum("d100" in each.turn_id or each.right is False for each in told.sampled) <= 3
    assert {each.right for each in told.sampled} == {True, False}


def test_without_a_customer_all_is_as_if_they_had_never_been(tmp_path: Path):
    """Taken out of the lake they leave nothing behind, not even in what models are learnt from."""
    never = planted(customers=names(10))
    gone = never + opening(["zoe"]) + rephrased(Said("zoe", 7, "lamp on now", None, "failure"), Said("zoe", 9, "play jazz", "music|play|"))
    lake = fill(Lake(tmp_path / "gone"), gone)
    hear_all(lake)
    lake.take_out("zoe")
    hear_all(lake)

    with lake.connect() as connection:
        after = heard_wordings(DuckDBEngine(connection))

    assert after == heard(tmp_path / "never", never)


# The check.

GOOD = Wording("turn on the lamp", "", LAMP, Risk.LOW, 40, times=40, success=0.97, last_day=20_000)


def test_a_wording_that_the_log_bears_out_is_kept(tmp_path: Path):
    """Counted anew from turns."""
    assert checked(tmp_path, planted(customers=names(10)), GOOD).kept == (GOOD,)


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        (replace(GOOD, text="Turn on the lamp!"), "form"),
        (replace(GOOD, text="turn on\x07"), "form"),
        (replace(GOOD, text="/restart"), "form"),
        (replace(GOOD, success=float("nan")), "form"),
        (replace(GOOD, text="call maggie"), "personal"),
        (replace(GOOD, text="unlock the front door"), "risk"),
        (replace(GOOD, customers=41), "floor"),
        (replace(GOOD, failing=Failing(20_000, 41, 0.5, 0.1)), "floor"),
        (replace(GOOD, failing=Failing(20_000, 9, 0.5, 0.1)), "floor"),
        (replace(GOOD, text="what nobody said"), "floor"),
    ],
)
def test_a_wording_that_breaks_a_rule_is_left_out(tmp_path: Path, bad: Wording, rule: str):
    """And the rule is named, without its text."""
    found = checked(tmp_path, planted(customers=names(10)), GOOD, bad)

    assert (found.kept, dict(found.left_out)) == ((GOOD,), {rule: 1})


@pytest.mark.parametrize("veto", [("", "turn on the lamp"), ("", "")])
def test_a_veto_of_a_target_wins(tmp_path: Path, veto: tuple[str, str]):
    """A wording that must not be said for anyone is not published; a pair is the gate's to forbid."""
    assert checked(tmp_path, planted(customers=names(10)), GOOD, blocked=(veto,)).kept == ()


def test_a_pair_that_is_vetoed_leaves_the_wording(tmp_path: Path):
    """Others may still be rewritten to it."""
    assert checked(tmp_path, planted(customers=names(10)), GOOD, blocked=(("lamp", "turn on the lamp"),)).kept == (GOOD,)


def test_the_floor_is_read_from_a_proof(tmp_path: Path):
    """What was proven with ten is asked of ten again; a proof that names none is broken."""
    proof = encode_wordings_proof({"a": b"a"}, Checked((GOOD,), {}), Rules(customers_min=10), now=BASE)

    assert floor_of(proof) == 10
    with pytest.raises(BrokenArtifact, match="must name its floor"):
        floor_of(b"{}")


def test_an_older_generation_comes_back_alone_where_its_wordings_no_longer_hold(tmp_path: Path):
    """Customers who were deleted since take a wording below the floor: the table comes back, what lay beside it does not."""
    lake = fill(Lake(tmp_path / "lake"), planted(customers=names(10), others=0))
    shelf = Shelf(tmp_path / "rewrites")
    wordings = (replace(GOOD, customers=10),)
    beside = {
        WORDINGS_FILE: encode_wordings(wordings),
        WORDINGS_PROOF_FILE: encode_wordings_proof({}, Checked(wordings, {}), Rules(), now=BASE),
    }
    _, proof = _proven([], Proof(Verdict.PROVEN, BASE, "", "", 0, (), {}, ()))
    card = Card(BASE, None, {}, {})
    older, _newer = (publish_content(shelf, Content([], proof, beside), card=card) for _ in range(2))

    def back() -> bool:
        made = roll_back(shelf, older.number, recheck=_proven, now=BASE, holds=lambda each: wordings_hold(lake, each, blocked=()))
        return (made.path / WORDINGS_FILE).exists()

    assert back()
    lake.take_out("c0")
    assert not back()


def _proven(rewrites: Sequence[Rewrite], old: Proof) -> tuple[list[Rewrite], Proof]:
    table = encode_rewrites(rewrites)
    return list(rewrites), replace(old, table_sha256=hashlib.sha256(table).hexdigest(), rewrites=len(rewrites))


def test_young_wordings_are_carried_over_to_the_next_table(tmp_path: Path):
    """Bound to its bytes; those that are too old, or no longer hold, are learnt anew."""
    lake = fill(Lake(tmp_path / "lake"), planted(customers=names(10), others=0))
    wordings = (replace(GOOD, customers=10),)
    now = datetime.now(UTC)
    proven = encode_wordings_proof({REWRITES_FILE: b"old"}, Checked(wordings, {}), Rules(), now=now)
    files = {WORDINGS_FILE: encode_wordings(wordings), MEANING_FILE: b"m", RANKER_FILE: b"r", WORDINGS_PROOF_FILE: proven}
    live = Shelf(tmp_path / "rewrites").write(files)

    def carry(hours: int) -> Global | None:
        return carried(lake, live, [], GlobalRules(10, anew_after=timedelta(hours=hours)))

    found = carry(1)

    assert found is not None
    assert b'"%s"' % hashlib.sha256(b"").hexdigest().encode() in found.files[WORDINGS_PROOF_FILE]
    assert found.files[RANKER_FILE] == b"r"
    assert carry(0) is None
    lake.take_out("c0")
    assert carry(1) is None


def test_records_are_of_now_when_wordings_are_carried_over(tmp_path: Path):
    """What lost since they were learnt is stopped at once."""
    lost = alone(*(Said(each, 90, "turn on the lamp", LAMP, "failure", original="lamp on now", day=9) for each in names(5)))
    lake = fill(Lake(tmp_path / "lake"), planted(customers=names(10)) + lost)
    hear_all(lake)
    wordings = (replace(GOOD, customers=10), Wording("lamp on now", "", "", Risk.LOW, 10, 10.0, 0.1, 20_700))
    proven = encode_wordings_proof({WORDINGS_FILE: b"old", FINDER_FILE: b"f"}, Checked(wordings, {}), Rules(), now=datetime.now(UTC))
    files = {
        WORDINGS_FILE: encode_wordings(wordings),
        MEANING_FILE: b"m",
        RANKER_FILE: b"r",
        WORDINGS_PROOF_FILE: proven,
        FINDER_FILE: b"f",
    }
    live = Shelf(tmp_path / "rewrites").write(files)

    found = carried(lake, live, [], GlobalRules(10, anew_after=timedelta(hours=1)))

    assert found is not None
    told = {each.text: each.fared for each in told_of(found)}
    assert told["lamp on now"] == (Fared(LAMP, is_near=False, wins=0.0, losses=5.0),)
    assert hashlib.sha256(found.files[WORDINGS_FILE]).hexdigest().encode() in found.files[WORDINGS_PROOF_FILE]
    # And the finder's file is made anew of these.
    assert found.files[FINDER_FILE] == finder_files(told_of(found), found.files[WORDINGS_FILE], customers_min=10)[FINDER_FILE]
    assert hashlib.sha256(found.files[FINDER_FILE]).hexdigest().encode() in found.files[WORDINGS_PROOF_FILE]


def told_of(found: Global) -> list[Wording]:
    return decode_wordings(found.files[WORDINGS_FILE])


def test_a_file_that_is_not_carried_is_no_longer_proven():
    """Else the generation would be refused for lack of it."""
    proof = encode_wordings_proof({WORDINGS_FILE: b"w", FINDER_FILE: b"f"}, Checked((), {}), Rules(), now=datetime.now(UTC))

    assert json.loads(bound_to(proof, {FINDER_FILE: None}))["sha256"].keys() == {WORDINGS_FILE}


def test_what_the_assistant_has_learnt_wins_over_weeks_of_refusals(tmp_path: Path):
    """Four who succeed lately say more than 28 days on which ten others were refused: what it comes to now is what counts."""
    refused = alone(*(Said(each, day, "lamp on now", None, "failure", day=day) for each in names(10) for day in range(8, 36)))
    learnt = alone(*(Said(each, 40, "lamp on now", LAMP, day=36) for each in names(4)))

    found = wording(tmp_path, planted(customers=names(10)) + refused + learnt, "lamp on now")

    assert found is not None
    assert (found.state, found.customers, found.times) == (LAMP, 10, 4.0)
    assert found.success == pytest.approx(5 / 6)


def test_two_customers_have_seen_no_change(tmp_path: Path):
    """They may be one household: the record stays whole."""
    refused = alone(*(Said(each, day, "lamp on now", None, "failure", day=day) for each in names(10) for day in range(8, 36)))
    learnt = alone(*(Said(each, 40, "lamp on now", LAMP, day=day) for each in names(2) for day in range(36, 40)))

    found = wording(tmp_path, planted(customers=names(10)) + refused + learnt, "lamp on now")

    assert found is not None
    assert found.state == ""
    assert found.success < 0.2


def test_a_wording_of_two_minds_keeps_its_whole_record(tmp_path: Path):
    """Whoever fails every other day has not changed."""
    log = alone(
        *(
            Said(each, 40, "lamp on now", LAMP, "failure" if (day + number) % 2 else "success", day=day)
            for number, each in enumerate(names(10))
            for day in range(8, 28)
        )
    )

    found = wording(tmp_path, planted(customers=names(10)) + log, "lamp on now")

    assert found is not None
    assert found.times > 40
    assert 0.4 < found.success < 0.6


def test_lessons_and_examples_are_of_the_present_too(tmp_path: Path):
    """Nobody learns from refusals of what is no longer refused."""
    refused = alone(*(Said(each, day, "lamp on now", None, "failure", day=day) for each in names(10) for day in range(8, 36)))
    learnt = alone(*(Said(each, 40, "lamp on now", LAMP, day=36) for each in names(6)))

    told = heard(tmp_path, planted(customers=names(10)) + refused + learnt)

    assert (spoken(told, "lamp on now").right, spoken(told, "lamp on now").wrong) == (6.0, 0.0)
    assert {each.right for each in told.sampled if "d40" in each.turn_id} == {True}
    assert not any(each.turn_id.split("@")[1] == f"{day}d{day}" for each in told.sampled for day in range(8, 36))
