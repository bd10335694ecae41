"""Each rule has a table that violates just it; what is not known is not proven; what is left out harms nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from markov.facts import Facts, read_facts
from markov.proof import Proof, Verdict, decode_proof, encode_proof
from markov.verify import Rules, sift, verify
from resay.dialogue.rewrite import Rewrite, Risk
from resay.store.lake import Lake
from resay.store.rewrites import encode_rewrites, rewrite_id_of
from tests.builders import BASE
from tests.markov.talk import Log, Said, alone, fill, mined, names, opening, planted, rephrased

RULES = Rules()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Twelve customers went from "lamp on now" to "turn on the lamp"."""
    return fill(Lake(tmp_path / "lake"), planted(customers=names(12)))


@pytest.fixture
def good(tmp_path: Path) -> Rewrite:
    """The rewrite that the miner makes of that."""
    (rewrite,) = mined(tmp_path / "mined", planted(customers=names(12))).rewrites
    return rewrite


def facts_of(lake: Lake, rewrites: list[Rewrite]) -> Facts:
    """What the lake says of a table."""
    with lake.connect() as connection:
        return read_facts(connection, rewrites)


def checked(lake: Lake, *rewrites: Rewrite, rules: Rules = RULES, clock: Callable[[], float] = lambda: 0.0) -> Proof:
    """The proof of a table, or why there is none."""
    return verify(rewrites, facts_of(lake, list(rewrites)), rules, now=BASE, clock=clock)


def broken_rules(proof: Proof) -> set[str]:
    """Names of the rules that were broken."""
    return {reason.split(":")[0] for fault in proof.faults for reason in fault.reasons}


def with_id(rewrite: Rewrite, **changes: object) -> Rewrite:
    """A changed rewrite with the id that it should have."""
    changed = replace(rewrite, **changes)  # type: ignore[arg-type]
    return replace(changed, rewrite_id=rewrite_id_of(changed.source, changed.prompt_kind, changed.target))


def test_what_the_miner_finds_is_proven(lake: Lake, good: Rewrite):
    """The proof names rules and figures, and covers just the bytes that were checked."""
    proof = checked(lake, good)

    assert proof.verdict is Verdict.PROVEN
    assert proof.covers(encode_rewrites([good]))
    assert not proof.covers(encode_rewrites([]))
    assert decode_proof(encode_proof(proof)) == proof


def test_an_empty_table_is_proven(lake: Lake):
    """It rewrites nothing."""
    assert checked(lake).verdict is Verdict.PROVEN


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"source": "Lamp on now!"}, "form"),
        ({"target": ""}, "form"),
        ({"target": "/restart{}"}, "form"),
        ({"target": "turn on\x00 the lamp"}, "form"),
        ({"target": "turn on\u200b the lamp"}, "form"),
        ({"target": "Lamp on now."}, "form"),
        ({"target": "turn on the lamp " * 20}, "form"),
        ({"score": float("nan")}, "form"),
        ({"success_as_said": 1.5}, "form"),
        ({"success_as_rewritten": 0.01}, "form"),
        ({"target": "turn on priya's lamp"}, "personal"),
        ({"target": "call 0 7 7 0 0 9"}, "personal"),
        ({"state": '|Call|{"contact":"ann"}'}, "personal"),
        ({"state": "lock|open|"}, "risk"),
        ({"support": 13}, "floor"),
        ({"evidence": ()}, "evidence"),
        ({"evidence": ("c0@0d0", "gone")}, "evidence"),
        ({"evidence": ("c0@0d0",)}, "evidence"),
    ],
)
def test_each_rule_refuses_what_breaks_it(lake: Lake, good: Rewrite, changes: dict[str, object], rule: str):
    """One thing is wrong, and the rule that it breaks says so."""
    proof = checked(lake, with_id(good, **changes))

    assert proof.verdict is not Verdict.PROVEN
    assert rule in broken_rules(proof)


def test_an_id_of_something_else_is_refused(lake: Lake, good: Rewrite):
    """Vetoes and monitors go by the id: it must not wander."""
    assert broken_rules(checked(lake, replace(good, rewrite_id="0" * 16))) == {"form"}


def test_a_table_that_claims_fewer_customers_than_the_floor_is_refused(lake: Lake, good: Rewrite):
    """Though more are found: who serves it knows the table alone, and would refuse all of it."""
    assert broken_rules(checked(lake, replace(good, support=9))) == {"floor"}
    assert checked(lake, replace(good, support=10)).verdict is Verdict.PROVEN


def test_two_targets_for_one_source_are_refused(lake: Lake, good: Rewrite):
    """Both are: the table does not say which."""
    proof = checked(lake, good, with_id(good, target="Turn on the lamp."))

    assert broken_rules(proof) == {"one_target"}
    assert len(proof.faults) == 2


def test_a_target_that_is_a_source_is_refused(tmp_path: Path):
    """Rewriting must end in one hop, in every context."""
    log = planted(customers=names(12)) + planted(
        customers=names(12, "d"), source="lamp", target="lamp on now", reading="x|y|", kind="which"
    )
    lake = fill(Lake(tmp_path / "lake"), replace(log, turns=tuple({turn.turn_id: turn for turn in log.turns}.values())))
    (first,) = mined(tmp_path / "one", planted(customers=names(12))).rewrites
    second = with_id(first, source="lamp", target="lamp on now", prompt_kind="which", state="x|y|", evidence=("d0@0d0", "d0@0d10"))

    proof = checked(lake, first, second)

    assert [(fault.rewrite_id, fault.reasons[0].split(":")[0]) for fault in proof.faults] == [(second.rewrite_id, "terminates")]


@pytest.mark.parametrize(
    "blocked",
    [("lamp on now", "turn on the lamp"), ("lamp on now", ""), ("", "turn on the lamp"), ("", "")],
    ids=["both", "source", "target", "all"],
)
def test_vetoes_win(lake: Lake, good: Rewrite, blocked: tuple[str, str]):
    """Whatever the evidence."""
    assert broken_rules(checked(lake, good, rules=Rules(blocked=(blocked,)))) == {"blocked"}


def test_a_veto_of_something_else_does_not_matter(lake: Lake, good: Rewrite):
    """Another source, or another target, is another rewrite."""
    rules = Rules(blocked=(("lamp on now", "turn on the fan"), ("lamp", "turn on the lamp")))

    assert checked(lake, good, rules=rules).verdict is Verdict.PROVEN


def test_one_customer_fewer_than_the_floor_is_refused(tmp_path: Path, good: Rewrite):
    """The checker counts for itself, whatever the table claims."""
    lake = fill(Lake(tmp_path / "nine"), planted(customers=names(9)))

    proof = checked(lake, replace(good, support=9, evidence=("c0@0d0", "c0@0d10")))

    assert broken_rules(proof) == {"floor"}


def test_sessions_and_young_accounts_do_not_count(tmp_path: Path, good: Rewrite):
    """A hundred sessions and thirty accounts of this week are nobody."""
    log = planted(customers=names(100, "s"), customer_kind="session") + planted(customers=names(30))
    young = tuple(turn for turn in log.turns if turn.text != "hello" or turn.customer.startswith("other"))
    distinct = {turn.turn_id: turn for turn in young}

    proof = checked(fill(Lake(tmp_path / "nobody"), Log(tuple(distinct.values()), log.links)), good)

    assert "floor" in broken_rules(proof)


def test_deleted_customers_take_their_rewrite_with_them(tmp_path: Path, good: Rewrite):
    """Three of the twelve are gone from the lake: the floor is broken, and so is their evidence."""
    log = planted(customers=names(12))
    gone = set(names(12)[9:])
    left = Log(
        tuple(turn for turn in log.turns if turn.customer not in gone), tuple(link for link in log.links if link[0].customer not in gone)
    )

    proof = checked(fill(Lake(tmp_path / "left"), left), good)

    assert broken_rules(proof) == {"floor", "evidence"}


def test_a_target_of_few_customers_is_refused(tmp_path: Path, good: Rewrite):
    """Twelve reached the state, but only nine by this wording: it may be nobody else's words."""
    log = opening([*names(12), *names(30, "other")])
    for number, customer in enumerate(names(12)):
        first = Said(customer, 100 * number, "lamp on now", None, "failure")
        text = "turn on the lamp" if number < 9 else "switch on the lamp"
        log += rephrased(first, replace(first, at=first.at + 10, text=text, reading=good.state, outcome="success"))

    proof = checked(fill(Lake(tmp_path / "few"), log), replace(good, evidence=("c0@0d0", "c0@0d10")))

    assert broken_rules(proof) == {"floor"}


def test_customers_who_went_elsewhere_speak_against_it(tmp_path: Path, good: Rewrite):
    """Twelve meant the lamp, and twenty the fan."""
    log = planted(customers=names(12)) + planted(customers=names(20, "d"), target="turn on the fan", reading="fan|on|")
    distinct = {turn.turn_id: turn for turn in log.turns}

    proof = checked(fill(Lake(tmp_path / "fan"), Log(tuple(distinct.values()), log.links)), good)

    assert broken_rules(proof) == {"agreement"}


def test_a_target_that_fares_no_better_is_refused(tmp_path: Path, good: Rewrite):
    """Of those who say the target nearly all fail."""
    failing = alone(*(Said(each, 8000, "turn on the lamp", good.state, "failure") for each in names(300, "unlucky")))
    better = alone(*(Said(each, 9000, "lamp on now", good.state) for each in names(100, "lucky")))
    log = planted(customers=names(12)) + opening([*names(300, "unlucky"), *names(100, "lucky")]) + failing + better

    assert broken_rules(checked(fill(Lake(tmp_path / "worse"), log), good)) == {"success"}


def test_high_risk_needs_three_times_the_floor_or_a_person(tmp_path: Path, good: Rewrite):
    """Twelve customers are enough for a lamp, and not for a door."""
    log = planted(customers=names(12), target="open the front door", reading="lock|open|")
    lake = fill(Lake(tmp_path / "door"), log)
    door = with_id(good, target="open the front door", state="lock|open|", risk=Risk.HIGH)

    assert broken_rules(checked(lake, door)) == {"floor"}
    assert checked(lake, door, rules=Rules(approved=frozenset({door.rewrite_id}))).verdict is Verdict.PROVEN


def test_evidence_that_we_made_ourselves_is_none(tmp_path: Path, good: Rewrite):
    """A cited second try that was rewritten by us shows nothing."""
    log = planted(customers=names(12))
    ours = {
        turn.turn_id: replace(turn, original="again") for turn in log.turns if turn.customer == "c11" and turn.reading and turn.day == 0
    }
    turns = tuple(ours.get(turn.turn_id, turn) for turn in log.turns)
    links = tuple((one, ours.get(two.turn_id, two), p) for one, two, p in log.links)

    proof = checked(fill(Lake(tmp_path / "ours"), Log(turns, links)), replace(good, support=11))

    assert broken_rules(proof) == {"evidence"}


def test_a_lake_that_knows_nothing_of_it_proves_nothing(tmp_path: Path, good: Rewrite):
    """Neither proven nor refused: it is not known, and so not published."""
    proof = checked(Lake(tmp_path / "empty"), good)

    assert proof.verdict is Verdict.UNKNOWN
    assert broken_rules(proof) == {"facts"}


def test_what_is_not_checked_in_time_is_not_known(lake: Lake, good: Rewrite):
    """A clock that runs out: don't know means do not publish."""
    seconds = iter(range(0, 1_000_000, 450))
    other = with_id(good, source="lamp on please")

    proof = checked(lake, good, other, clock=lambda: float(next(seconds)))

    assert [(fault.verdict, fault.reasons[0][:5]) for fault in proof.faults] == [(Verdict.UNKNOWN, "time:")]


def test_sifting_keeps_what_can_be_proven(lake: Lake, good: Rewrite):
    """The bad one is named with its reason and no text; the good one is proven without it."""
    bad = with_id(good, source="lamp upon now")

    kept, proof = sift([good, bad], facts_of(lake, [good, bad]), RULES, now=BASE, clock=lambda: 0.0)

    assert kept == [good]
    assert proof.verdict is Verdict.PROVEN
    assert proof.covers(encode_rewrites([good]))
    assert [fault.rewrite_id for fault in proof.left_out] == [bad.rewrite_id]
    assert b"upon" not in encode_proof(proof)


def test_age_is_told_from_the_newest_turn(tmp_path: Path, good: Rewrite):
    """Seven days to the second are old enough; one second less is not."""
    for seconds, verdict in ((0, Verdict.PROVEN), (1, Verdict.REFUSED)):
        log = planted(customers=names(12))
        turns = [replace(turn, day=-7, at=1000.0 * 5 + seconds) if turn.text == "hello" else turn for turn in log.turns]
        newest = max(turn.when for turn in turns)
        assert newest - min(turn.when for turn in turns) == timedelta(days=7, seconds=-seconds)

        assert checked(fill(Lake(tmp_path / f"age{seconds}"), Log(tuple(turns), log.links)), good).verdict is verdict
