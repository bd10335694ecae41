"""The checker at the borders of its rules, on facts written down here: one customer, one turn or one second decides.

What a lake tells of a table is `test_verify.py`'s; faults planted in the checker one by one are noticed here (`benchmarks/mutants.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from markov.facts import Facts, Told
from markov.proof import CHECKER, Fault, Proof, Verdict
from markov.verify import RULES, Rules, sift, verify
from resay.dialogue.rewrite import Rewrite, Risk
from resay.store.rewrites import encode_rewrites, id_due
from tests.builders import BASE, rewrite
from tests.markov.talk import names

SOURCE, TARGET, STATE = "lamp on now", "turn on the lamp", "light|on|lamp"
DAY = 86_400.0


def told(customer: str, at: float, said: str, state: str = "?", outcome: str = "failure", **others: object) -> Told:
    """A turn; those of one customer on one day pursue one goal."""
    content: dict[str, object] = {"kind": "", "room": "", "device_type": "", "rewritten": False, "segment_id": f"{customer}/{at // DAY:g}"}
    moment = BASE + timedelta(seconds=at)
    return Told(f"{customer}@{at:g}", customer, said, state=state, outcome=outcome, event_time=moment, **(content | others))  # type: ignore[arg-type]


def tried(customers: Iterable[str], target: str = TARGET, state: str = STATE, *, at: float = 0.0, **others: object) -> list[Told]:
    """Each of them said the source in vain, and ten seconds later the target, with success."""
    return [
        turn
        for customer in customers
        for turn in (told(customer, at, SOURCE, **others), told(customer, at + 10, target, state, "success", **others))
    ]


def facts(*turns: Told, sessions: Sequence[str] = (), age_s: float = 30 * DAY) -> Facts:
    """Facts in which every customer was first seen so long before the newest turn."""
    newest = max(turn.event_time for turn in turns)
    first = {turn.customer_id: newest - timedelta(seconds=age_s) for turn in turns}
    return Facts({turn.turn_id: turn for turn in turns}, first, frozenset(sessions), newest)


def row(target: str = TARGET, *, source: str = SOURCE, **others: object) -> Rewrite:
    """A rewrite that says no more than it must, with the id that it should have."""
    drawn = rewrite(source, target, **({"state": STATE, "support": 10, "evidence": ("c0@0", "c0@10")} | others))
    return drawn if "rewrite_id" in others else replace(drawn, rewrite_id=id_due(drawn))


def checked(known: Facts, *rewrites: Rewrite, rules: Rules | None = None, clock: Callable[[], float] = lambda: 0.0) -> Proof:
    """The proof of a table, or why there is none."""
    return verify(rewrites, known, rules or Rules(), now=BASE, clock=clock)


def broken(known: Facts, *rewrites: Rewrite, rules: Rules | None = None) -> set[str]:
    """Names of the rules that are broken; none where it is proven, and only then."""
    proof = checked(known, *rewrites, rules=rules)
    assert (proof.verdict is Verdict.PROVEN) == (not proof.faults)
    return {reason.split(":")[0] for fault in proof.faults for reason in fault.reasons}


TEN = facts(*tried(names(10)))
"""Just enough."""


def test_just_enough_customers_are_enough():
    """Ten are ten, and nine are not."""
    assert broken(TEN, row()) == set()
    assert broken(facts(*tried(names(9))), row()) == {"floor"}


def test_the_table_may_claim_what_is_found_and_no_more():
    """Ten are found."""
    assert broken(TEN, row(support=10)) == set()
    assert broken(TEN, row(support=11)) == {"floor"}


def test_customers_count_once():
    """Nine of whom one tries on five days are nine."""
    assert broken(facts(*tried(names(9)), *(turn for day in range(1, 5) for turn in tried(["c0"], at=day * DAY))), row()) == {"floor"}


def test_sessions_do_not_count():
    """Of eleven two are but sessions."""
    assert broken(facts(*tried(names(11)), sessions=["c1"]), row()) == set()
    assert broken(facts(*tried(names(11)), sessions=["c1", "c2"]), row()) == {"floor"}


def test_an_account_counts_from_its_seventh_day_on():
    """To the second; one second less and nobody stands behind it."""
    assert broken(facts(*tried(names(10)), age_s=7 * DAY), row()) == set()
    assert "floor" in broken(facts(*tried(names(10)), age_s=7 * DAY - 1), row())


def test_sessions_and_young_accounts_have_no_say_against_it_either():
    """A hundred who meant the fan and do not count change nothing."""
    fans = tried(names(100, "s"), "turn on the fan", "fan|on|")
    young = tried(names(100, "y"), "turn on the fan", "fan|on|")
    known = facts(*tried(names(10)), *fans, *young, sessions=names(100, "s"))
    assert known.newest is not None

    aged = replace(known, first_seen={**known.first_seen, **dict.fromkeys(names(100, "y"), known.newest)})

    assert broken(aged, row()) == set()


@pytest.mark.parametrize("missing", [SOURCE, TARGET])
def test_enough_customers_must_have_said_each_of_both(missing: str):
    """All ten came to the same meaning, nine of them by the target; or ten by the target, but the source was said by nine."""
    if missing == TARGET:
        turns = [*tried(names(9)), *tried(["c9"], "switch on the lamp")]
    else:
        turns = [*tried(names(9)), told("c9", 10, TARGET, STATE, "success")]

    assert broken(facts(*turns), row()) == {"floor"}


def test_saying_both_is_not_going_from_one_to_the_other():
    """Nine went to the target; a tenth meant something else, and an eleventh said but the target."""
    turns = [*tried(names(9)), *tried(["c9"], "turn on the fan", "fan|on|"), told("c10", 10, TARGET, STATE, "success")]

    proof = checked(facts(*turns), row())

    assert [fault.reasons for fault in proof.faults] == [
        ("floor: 9 customers went from source to target; it needs 10", "floor: the table claims 10 customers; 9 are found")
    ]


def test_a_target_of_enough_is_enough():
    """Of twenty who came to the meaning ten said it in these words."""
    assert broken(facts(*tried(names(10)), *tried(names(10, "d"), "switch on the lamp")), row()) == set()


RISKY = [
    ("open the front door", "cover|open|front"),
    ("unlock it please", "lock|open|"),
    ("disarm the house", "alarm|disarm|"),
    ("pay the invoice", "bank|send|"),
    ("turn off everything in the whole house", "light|off|all"),
]


@pytest.mark.parametrize(("target", "state"), RISKY)
def test_risky_words_may_not_be_called_low(target: str, state: str):
    """Doors, locks, alarms, payments and the whole house, however many customers stand behind it."""
    known = facts(*tried(names(60), target, state))

    assert broken(known, row(target, state=state)) == {"risk"}


@pytest.mark.parametrize(("target", "state"), RISKY)
def test_high_risk_needs_thirty_customers_or_a_person(target: str, state: str):
    """Thirty are enough and twenty-nine are not; whom a person approved needs the floor like any other, and not less."""
    door = row(target, state=state, risk=Risk.HIGH, support=30)
    allowed = replace(door, support=10)
    approved = Rules(approved=frozenset({door.rewrite_id}))

    assert broken(facts(*tried(names(30), target, state)), door) == set()
    assert broken(facts(*tried(names(29), target, state)), door) == {"floor"}
    assert broken(facts(*tried(names(30), target, state)), replace(door, support=29)) == {"floor"}
    assert broken(facts(*tried(names(10), target, state)), allowed, rules=approved) == set()
    assert broken(facts(*tried(names(9), target, state)), allowed, rules=approved) == {"floor"}


def test_approving_one_approves_no_other():
    """By id."""
    door = row("open the front door", state="cover|open|front", risk=Risk.HIGH)

    assert broken(facts(*tried(names(12), door.target, door.state)), door, rules=Rules(approved=frozenset({"other"}))) == {"floor"}


def test_what_is_called_high_is_held_to_it():
    """Whoever says more than he must is taken by his word."""
    assert broken(TEN, row(risk=Risk.HIGH)) == {"floor"}
    assert broken(facts(*tried(names(30))), row(risk=Risk.HIGH, support=30)) == set()


def test_half_of_those_who_succeeded_are_enough():
    """Ten by the target and ten by another meaning; with eleven it is no longer half."""
    lamp = tried(names(10))

    assert broken(facts(*lamp, *tried(names(10, "d"), "turn on the fan", "fan|on|")), row()) == set()
    assert broken(facts(*lamp, *tried(names(11, "d"), "turn on the fan", "fan|on|")), row()) == {"agreement"}


def test_a_customer_is_asked_by_the_last_time():
    """Twelve meant the lamp first and the fan lately; the order in which turns are read does not matter."""
    lately = [turn for turn in tried(names(12), "turn on the fan", "fan|on|", at=DAY) if turn.said != TARGET]
    both = [*tried(names(12)), *lately]

    assert broken(facts(*both), row()) == {"agreement"}
    assert broken(facts(*reversed(both)), row()) == {"agreement"}
    other_way = [*tried(names(12), "turn on the fan", "fan|on|"), *tried(names(12), at=DAY)]
    assert broken(facts(*other_way), row(evidence=("c0@86400", "c0@86410"))) == set()


def test_the_first_success_is_what_was_meant():
    """The fan at once, and the lamp a minute later: who succeeds and goes on wants something else."""
    turns = [
        turn
        for customer in names(12)
        for turn in (
            told(customer, 0, SOURCE),
            told(customer, 5, "turn on the fan", "fan|on|", "success"),
            told(customer, 60, TARGET, STATE, "success"),
        )
    ]

    assert broken(facts(*turns), row(evidence=("c0@0", "c0@60"))) == {"agreement"}


def test_what_a_target_is_taken_for_now_and_then_is_not_what_it_means():
    """In a quarter of its turns it is taken for the fan, which counts; one less, and it does not."""
    fans = tried(names(10), "turn on the fan", "fan|on|")
    for slips, verdict in ((10, Verdict.PROVEN), (9, Verdict.REFUSED)):
        heard = [told(f"x{number}", 10, TARGET, "fan|on|" if number < slips else STATE, "success") for number in range(40)]

        proof = checked(facts(*fans, *heard), row(evidence=("c0@0", "c0@10")))

        assert proof.verdict is verdict


def cited(*, source: Told | None = None, end: Told | None = None) -> Facts:
    """Eleven customers, of whom c0, who is cited, did something else."""
    one, two = tried(["c0"])
    return facts(*tried(names(11)[1:]), source or one, end or two)


ONE, TWO = tried(["c0"])


@pytest.mark.parametrize(
    "known",
    [
        cited(source=replace(ONE, said="lamp on")),
        cited(source=replace(ONE, kind="ask")),
        cited(source=replace(ONE, rewritten=True)),
        cited(source=replace(ONE, segment_id="another")),
        cited(end=replace(TWO, segment_id="another")),
        cited(end=replace(TWO, rewritten=True)),
        cited(end=replace(TWO, outcome="failure")),
        cited(end=replace(TWO, outcome="censored")),
        cited(end=replace(TWO, said=SOURCE)),
        cited(end=replace(TWO, customer_id="c1")),
        cited(end=replace(TWO, event_time=ONE.event_time - timedelta(seconds=1))),
    ],
    ids=["words", "prompt", "ours", "goal", "other-goal", "ours-again", "failed", "censored", "same-words", "somebody-else", "before"],
)
def test_what_is_cited_must_be_what_happened(known: Facts):
    """A turn in vain, and a later one of the same customer and goal that succeeded in other words by itself; all else shows nothing."""
    assert broken(known, row()) == {"evidence"}


def test_evidence_is_there_in_pairs_and_all_of_it_holds():
    """None, half of a pair, and one bad pair among good ones."""
    assert broken(TEN, row(evidence=())) == {"evidence"}
    assert broken(TEN, row(evidence=("c0@0",))) == {"evidence"}
    assert broken(TEN, row(evidence=("c0@0", "c0@10", "c1@0"))) == {"evidence"}
    assert broken(TEN, row(evidence=("c0@0", "c0@10", "c1@0", "c1@10"))) == set()
    assert broken(TEN, row(evidence=("c0@0", "c0@10", "c1@0", "c2@10"))) == {"evidence"}
    assert broken(TEN, row(evidence=("c0@0", "c0@10", "c1@0", "gone"))) == {"evidence"}
    assert broken(TEN, row(evidence=("gone", "c0@10"))) == {"evidence"}


def test_two_turns_of_one_moment_are_in_the_order_of_their_ids():
    """As the log cannot tell."""
    one, two = tried(["c0"])

    assert broken(cited(end=replace(two, event_time=one.event_time, turn_id="c0@1")), row(evidence=("c0@0", "c0@1"))) == set()
    assert broken(cited(end=replace(two, event_time=one.event_time, turn_id="a")), row(evidence=("c0@0", "a"))) == {"evidence"}


def test_what_comes_many_turns_later_shows_nothing():
    """Sixteen turns on it still does; behind the seventeenth it is another matter."""

    def going_on(turns: int) -> list[Told]:
        between = [told("c0", 1 + number / 10, "mumble") for number in range(turns)]
        return [*tried(names(11)), *between]

    assert broken(facts(*going_on(15)), row()) == set()
    assert broken(facts(*going_on(16)), row()) == {"evidence"}


def test_turns_that_no_goal_joins_show_nothing():
    """Where nobody has cut goals, nothing follows from what came next."""
    turns = [replace(turn, segment_id="") for turn in tried(names(12))]

    assert broken(facts(*turns), row()) == {"floor", "evidence"}


def test_the_target_must_do_better():
    """Just as well is not better; a customer each, whatever he says how often."""
    fair = [told(f"w{number}", 50, SOURCE, outcome="success") for number in range(30)]
    poor = [told(f"v{number}", 50, TARGET, STATE) for number in range(10)]

    assert broken(facts(*tried(names(10)), *fair[:10], *poor), row()) == {"success"}
    assert broken(facts(*tried(names(10)), *fair[:9], *poor), row()) == set()


@pytest.mark.parametrize("unjudged", [SOURCE, TARGET])
def test_what_nobody_has_judged_is_not_better(unjudged: str):
    """No success is known of one of them: of the target, because those who said it later are not judged."""
    turns = [replace(turn, outcome="censored") if turn.said == unjudged else turn for turn in tried(names(12))]
    others = [told(each, 20, "switch on the lamp", STATE, "success") for each in names(12)]

    one = row(evidence=("c0@0", "c0@20") if unjudged == TARGET else ("c0@0", "c0@10"))

    assert broken(facts(*turns, *(others if unjudged == TARGET else [])), one) == {"success"}


@pytest.mark.parametrize("gone", [SOURCE, TARGET])
def test_facts_that_lack_source_or_target_leave_it_unknown(gone: str):
    """Neither proven nor refused."""
    proof = checked(facts(*(turn for turn in tried(names(12)) if turn.said != gone)), row())

    assert proof.verdict is Verdict.UNKNOWN
    assert [fault.verdict for fault in proof.faults] == [Verdict.UNKNOWN]


def test_facts_of_another_prompt_leave_it_unknown():
    """What was asked before is part of what was said."""
    assert checked(TEN, row(prompt_kind="ask")).verdict is Verdict.UNKNOWN


def test_what_is_refused_is_refused_though_facts_are_missing():
    """Of two answers the harder one is given, for a rewrite and for the table."""
    known = facts(*(turn for turn in tried(names(12)) if turn.said != TARGET))
    bad, missing = row(score=2.0), row(source="lamp")

    proof = checked(known, bad, missing)

    assert proof.verdict is Verdict.REFUSED
    assert [(fault.rewrite_id, fault.verdict, len(fault.reasons)) for fault in proof.faults] == [
        (bad.rewrite_id, Verdict.REFUSED, 2),
        (missing.rewrite_id, Verdict.UNKNOWN, 1),
    ]


def seconds(*told_s: float) -> Callable[[], float]:
    """A clock that says these, one after the other."""
    left: Iterator[float] = iter(told_s)
    return lambda: next(left)


MINUTE = Rules(budget_s=60.0)


def test_the_budget_is_of_the_whole_table():
    """On the last second it is checked; behind it it is not known, and so not published."""
    assert checked(TEN, row(), rules=MINUTE, clock=seconds(100.0, 160.0)).verdict is Verdict.PROVEN
    late = checked(TEN, row(), rules=MINUTE, clock=seconds(100.0, 160.1))

    assert late.verdict is Verdict.UNKNOWN
    assert late.faults == (Fault(row().rewrite_id, Verdict.UNKNOWN, ("time: not checked within 60 s",)),)


def test_what_came_too_late_is_said_of_each():
    """The first is checked, the others are not; what is left out of the table says so, and nothing of it is published unproven."""
    table = [row(), row("turn on a lamp"), row("turn on lamps")]
    late = checked(TEN, *table, rules=MINUTE, clock=seconds(0.0, 0.0, 61.0, 62.0))
    kept, proof = sift(table, TEN, MINUTE, now=BASE, clock=seconds(0.0, 0.0, 61.0, 62.0, 62.0))

    assert [fault.reasons[0][:4] for fault in late.faults] == ["one_", "time", "time"]
    assert (kept, proof.verdict, len(proof.left_out)) == ([], Verdict.PROVEN, 3)


def test_sifting_that_has_no_time_at_all_proves_nothing():
    """What was kept is checked once more; if that takes too long, the proof says unknown, and covers no table."""
    kept, proof = sift([row(), row(source="lamp")], TEN, MINUTE, now=BASE, clock=seconds(0.0, 0.0, 61.0, 100.0, 220.1))

    assert (len(kept), proof.verdict) == (1, Verdict.UNKNOWN)
    assert not proof.covers(encode_rewrites(kept))


def test_what_was_told_just_in_time_is_told_again_on_a_slower_machine():
    """The second check of what was kept has twice the time of the first."""
    kept, proof = sift([row(), row(source="lamp")], TEN, MINUTE, now=BASE, clock=seconds(0.0, 60.0, 61.0, 100.0, 220.0))

    assert (len(kept), proof.verdict, len(proof.left_out)) == (1, Verdict.PROVEN, 1)


def test_a_table_that_is_proven_at_once_is_not_checked_again():
    """The clock is asked twice: when it begins, and for the one rewrite."""
    kept, proof = sift([row()], TEN, Rules(), now=BASE, clock=seconds(0.0, 0.0))

    assert (kept, proof.verdict, proof.left_out) == ([row()], Verdict.PROVEN, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"score": float("nan")},
        {"score": float("inf")},
        {"score": -0.01},
        {"score": 1.01},
        {"success_as_said": -0.01},
        {"success_as_said": float("nan")},
        {"success_as_rewritten": 1.01},
        {"success_as_said": 0.9, "success_as_rewritten": 0.9},
        {"success_as_said": 0.9, "success_as_rewritten": 0.8},
        {"rewrite_id": "0" * 16},
    ],
    ids=str,
)
def test_figures_are_chances_and_promise_more(changes: dict[str, object]):
    """And the id is what it stands for."""
    assert broken(TEN, row(**changes)) == {"form"}


def test_figures_may_be_as_low_and_as_high_as_chances_are():
    """Nought and one are chances."""
    assert broken(TEN, row(score=0.0, success_as_said=0.0, success_as_rewritten=1.0)) == set()
    assert broken(TEN, row(score=1.0, success_as_said=0.0, success_as_rewritten=0.01)) == set()


@pytest.mark.parametrize("target", ["", "...", "/restart{}", "turn on\x00 the lamp"], ids=["empty", "no-words", "command", "control"])
def test_a_target_is_what_a_customer_could_have_said(target: str):
    """Words, and nothing that an assistant takes for a command of its own."""
    assert "form" in broken(TEN, row(target))


@pytest.mark.parametrize("source", ["", "Lamp on now", "lamp  on now"])
def test_a_source_is_canonical_text(source: str):
    """Or it would never be found."""
    assert "form" in broken(TEN, row(source=source))


def test_the_longest_target_is_as_long_as_is_said():
    """Two hundred characters, and not one more."""
    for size, rules in ((200, set()), (201, {"form"})):
        target = ("turn on the lamp " * 20)[:size].rstrip().ljust(size, "x")
        known = facts(*tried(names(10), target))

        assert broken(known, row(target)) == rules


def test_saying_the_same_in_other_letters_is_no_rewrite():
    """By canonical text."""
    assert "form" in broken(TEN, row("Lamp on, now!"))


@pytest.mark.parametrize(
    "blocked",
    [(SOURCE, TARGET), (SOURCE, ""), ("", TARGET), ("", "")],
    ids=["both", "source", "target", "all"],
)
def test_vetoes_win_by_canonical_text(blocked: tuple[str, str]):
    """However the target is written; and among others."""
    rules = Rules(blocked=(("x", "y"), blocked))

    assert broken(TEN, row("Turn on the lamp."), rules=rules) == {"blocked"}


@pytest.mark.parametrize("blocked", [(SOURCE, "lamp"), ("lamp", TARGET), ("lamp", ""), ("", "lamp")])
def test_vetoes_of_others_do_not_matter(blocked: tuple[str, str]):
    """One half is not enough."""
    assert broken(TEN, row(), rules=Rules(blocked=(blocked,))) == set()


@pytest.mark.parametrize(
    "one",
    [row("turn on priya's lamp"), row(state='|Call|{"contact":"ann"}'), row(source="lamp of priya's on")],
    ids=["target", "state", "source"],
)
def test_nothing_points_to_one_person(one: Rewrite):
    """Not the target, not the state, not the source."""
    assert "personal" in broken(TEN, one)


def test_a_source_with_two_targets_has_none():
    """In one context; in two it may."""
    asked = [replace(turn, turn_id=f"k{turn.turn_id}", kind="ask", segment_id=f"k{turn.segment_id}") for turn in tried(names(10))]
    other = row("turn on the Lamp")
    in_ask = row(prompt_kind="ask", evidence=("kc0@0", "kc0@10"))

    assert broken(TEN, row(), other) == {"one_target"}
    assert broken(facts(*tried(names(10)), *asked), row(), in_ask) == set()


def test_a_target_may_be_no_source_of_the_table():
    """Not even in another context."""
    back = row(SOURCE, source=TARGET, prompt_kind="ask", state="?")

    proof = checked(TEN, row(), back)

    assert {fault.rewrite_id for fault in proof.faults if "terminates" in " ".join(fault.reasons)} == {row().rewrite_id, back.rewrite_id}


def test_the_proof_says_by_which_rules():
    """Names, figures, when, by whom, and of how many; vetoes and approvals by number only."""
    rules = Rules(customers_min=4, blocked=(("x", "y"),), approved=frozenset({"a", "b"}))

    proof = checked(TEN, row(), rules=rules)

    assert (proof.verdict, proof.checked_at, proof.checker, proof.rewrites, proof.rules) == (Verdict.PROVEN, BASE, CHECKER, 1, RULES)
    assert {name: proof.parameters[name] for name in ("customers_min", "blocked", "approved")} == {
        "customers_min": 4,
        "blocked": 1,
        "approved": 2,
    }
    assert {name: figure for name, figure in checked(TEN).parameters.items() if name != "place_agreement_min"} == {
        "customers_min": 10,
        "account_age_days": 7,
        "high_risk_factor": 3,
        "agreement_min": 0.5,
        "reading_share_min": 0.25,
        "target_chars_max": 200,
        "blocked": 0,
        "approved": 0,
    }


FAN = ("turn on the fan", "fan|on|")


def lounge(count: int, *meant: str, **others: object) -> list[Told]:
    """So many customers in the lounge who mean the fan."""
    return tried(names(count, "l"), *(meant or FAN), room="lounge", **others)


KITCHEN = tried(names(60), room="kitchen")


def test_a_place_in_which_enough_mean_something_else_must_be_spared():
    """Ten are enough, nine are not; once it is spared, by ten who said it there, all is well."""
    assert broken(facts(*KITCHEN, *lounge(9)), row()) == set()
    assert broken(facts(*KITCHEN, *lounge(10)), row()) == {"place"}
    assert broken(facts(*KITCHEN, *lounge(10)), row(not_rooms=("lounge",))) == set()
    assert broken(facts(*KITCHEN, *lounge(9)), row(not_rooms=("lounge",))) == {"floor"}


def test_a_quarter_of_a_place_is_enough():
    """Three of twelve there mean what the target means; with two it is less."""
    for agreeing, rules in ((3, set()), (2, {"place"})):
        meant = tried(names(agreeing, "a"), room="lounge")

        assert broken(facts(*KITCHEN, *meant, *lounge(12 - agreeing)), row()) == rules


def test_in_a_place_too_the_first_success_is_what_was_meant():
    """Ten in the lounge ask for the fan, and then for the lamp."""
    then = [told(customer, 20, TARGET, STATE, "success", room="lounge") for customer in names(10, "l")]

    assert broken(facts(*KITCHEN, *lounge(10), *then), row()) == {"place"}


def test_kinds_of_device_are_places_too():
    """Those of few must not be named, those of enough who mean something else must be spared."""
    on_tv = tried(names(10, "l"), *FAN, device_type="tv")

    assert broken(facts(*KITCHEN, *on_tv), row()) == {"place"}
    assert broken(facts(*KITCHEN, *on_tv), row(not_device_types=("tv",))) == set()
    assert broken(facts(*KITCHEN, *on_tv[2:]), row(not_device_types=("tv",))) == {"floor"}


def test_evidence_of_another_kind_of_device_is_none():
    """What is cited was said where the rewrite holds."""
    on_tv = [*tried(names(12), *FAN, device_type="tv"), *tried(names(12, "k"), *FAN, device_type="watch")]
    fan = row(FAN[0], state=FAN[1], device_type="tv", evidence=("c0@0", "c0@10"))

    assert broken(facts(*on_tv), fan) == set()
    assert broken(facts(*on_tv), replace(fan, evidence=("k0@0", "k0@10"))) == {"evidence"}


def test_a_target_means_what_it_is_taken_for_on_that_kind_of_device():
    """On televisions "turn it on" is mostly the fan; that it seldom is in the lounge does not matter to what holds on televisions."""
    tried_there = tried(names(12), "turn it on", "fan|on|", device_type="tv", room="lounge")
    in_lounge = [told(each, 30, "turn it on", STATE, "success", device_type="tv", room="lounge") for each in names(40, "x")]
    in_kitchen = [told(each, 30, "turn it on", "fan|on|", "success", device_type="tv", room="kitchen") for each in names(60, "y")]

    assert broken(facts(*tried_there, *in_lounge, *in_kitchen), row("turn it on", state="fan|on|", device_type="tv")) == set()


def test_so_many_places_may_be_spared_and_no_more():
    """Sixty-four, each of ten customers."""
    rooms = [f"room{number:02}" for number in range(65)]
    spoken = [turn for room in rooms for turn in tried(names(10, room), *FAN, room=room)]
    known = facts(*tried(names(700), room="kitchen"), *spoken)

    assert broken(known, row(not_rooms=tuple(rooms))) == {"place"}
    assert "place: at most 64" not in str(checked(known, row(not_rooms=tuple(rooms[:64]))).faults)


def test_what_holds_in_one_room_is_not_asked_of_every_device_there():
    """Most in the lounge mean the lamp; those on the television there, who do not, would be spared by nobody."""
    lamps = tried(names(30), room="lounge", device_type="speaker")
    fans = tried(names(10, "l"), *FAN, room="lounge", device_type="tv")

    assert broken(facts(*lamps, *fans), row(room="lounge")) == set()
    assert broken(facts(*lamps, *fans), row()) == {"place"}
