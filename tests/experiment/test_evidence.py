"""Evidence about single rewrites: what it is worth by hand, that it keeps its promise, how soon it acts; e-BH, and what becomes of whom."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.discoveries import found_among
from resay.experiment.evidence import (
    CHANCES,
    Outcomes,
    Phase,
    added,
    failures_to_roll_back,
    for_better,
    for_broken_promise,
    for_worse,
)
from resay.experiment.promote import CANARY_SHARE, LIVE_SHARE, Change, Stage, Trial, Why, changes

CLEARLY_BETTER = (Phase(CANARY_SHARE, Outcomes(30, 2), Outcomes(10, 60)),)
NOTHING_YET = (Phase(CANARY_SHARE),)


def test_a_rewrite_that_never_works_is_taken_back_after_five_bad_exposures():
    """The number that operators are told; with a chance of error of 5 % in place of 10 % it would be six."""
    assert failures_to_roll_back() == 5
    assert failures_to_roll_back(alpha=0.05) == 6
    assert for_broken_promise(Outcomes(0, 4)) < 10 <= for_broken_promise(Outcomes(0, 5))


def test_evidence_of_one_trial_is_that_reckoned_by_hand():
    """One failure against an even promise: twice the chance of failing, on average over the chances below it."""
    assert for_broken_promise(Outcomes(0, 1)) == pytest.approx(2 * (0.98 + 0.9 + 0.8 + 0.7 + 0.6) / 5)
    assert for_broken_promise(Outcomes(1, 0)) == pytest.approx(2 * (0.02 + 0.1 + 0.2 + 0.3 + 0.4) / 5)
    assert for_better([]) == for_worse([Phase(1.0, Outcomes(9, 9))]) == 1


@pytest.mark.parametrize("q", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.98])
def test_a_trial_that_rewriting_does_not_change_brings_nothing_on_average(q: float, share: float):
    """Whatever its chance of success is: the mean over what is drawn and what becomes of it is one."""
    for evidence in (for_better, for_worse):
        mean = (
            share * q * evidence([Phase(share, Outcomes(1, 0))])
            + share * (1 - q) * evidence([Phase(share, Outcomes(0, 1))])
            + (1 - share) * q * evidence([Phase(share, held_out=Outcomes(1, 0))])
            + (1 - share) * (1 - q) * evidence([Phase(share, held_out=Outcomes(0, 1))])
        )
        assert mean == pytest.approx(1)


@given(
    st.sampled_from([0.02, 0.3, 0.5, 0.98]),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(CHANCES),
    st.sampled_from(CHANCES),
)
def test_evidence_never_grows_on_average_where_it_should_not(share: float, one: float, other: float, said: float, promise: float):
    """For "better": where rewriting is worse or as good; for "worse" the other way; for a broken promise where it is kept."""
    low, high = sorted((one, other))

    def mean(evidence: object, as_said: float, rewritten: float) -> float:
        parts = [
            (share * rewritten, Phase(share, Outcomes(1, 0))),
            (share * (1 - rewritten), Phase(share, Outcomes(0, 1))),
            ((1 - share) * as_said, Phase(share, held_out=Outcomes(1, 0))),
            ((1 - share) * (1 - as_said), Phase(share, held_out=Outcomes(0, 1))),
        ]
        return sum(chance * evidence([phase]) for chance, phase in parts)  # type: ignore[operator]

    assert mean(for_better, high, low) <= 1 + 1e-9
    assert mean(for_worse, low, high) <= 1 + 1e-9
    if CHANCES[0] < promise <= high:
        kept = high * for_broken_promise(Outcomes(1, 0), promise) + (1 - high) * for_broken_promise(Outcomes(0, 1), promise)
        assert kept <= 1 + 1e-9


@given(st.lists(st.tuples(st.sampled_from([0.3, 0.98]), *[st.integers(0, 5)] * 4), max_size=6))
def test_days_add_up_in_any_order(days: list[tuple[float, int, int, int, int]]):
    """The evidence of phases put together is that of the days one by one, forwards and backwards."""
    phases = [Phase(share, Outcomes(*counts[:2]), Outcomes(*counts[2:])) for share, *counts in days]

    for evidence in (for_better, for_worse):
        assert evidence(added(phases)) == pytest.approx(evidence(phases))
        assert evidence(added(phases[::-1])) == pytest.approx(evidence(phases))


def test_better_and_worse_are_each_other_mirrored():
    """What was applied and what was held out change places, at the mirrored share."""
    there = [Phase(0.3, Outcomes(9, 2), Outcomes(4, 11))]
    back = [Phase(0.7, Outcomes(4, 11), Outcomes(9, 2))]

    assert for_better(there) == pytest.approx(for_worse(back))
    assert for_better(there) > 20
    assert for_worse(there) < 1


def _ever(
    rng: Random, *, said: float, rewritten: float, trials: int, bars: tuple[float, float, float], own: float = 0.0
) -> list[int | None]:
    """Of one rewrite: after how many applied trials each evidence first reached its bar; customers shift both chances by up to `own`."""
    applied, held = Outcomes(), Outcomes()
    first: list[int | None] = [None, None, None]
    shift = 0.0
    for number in range(trials):
        if number % 5 == 0:  # Five trials of one customer, one after another.
            shift = rng.uniform(-own, own)
        rewrite = rng.random() < CANARY_SHARE
        right = rng.random() < (rewritten if rewrite else said) + shift
        outcome = Outcomes(int(right), int(not right))
        applied, held = (applied + outcome, held) if rewrite else (applied, held + outcome)
        phases = [Phase(CANARY_SHARE, applied, held)]
        seen = (for_better(phases), for_worse(phases), for_broken_promise(applied))
        for place, (value, bar) in enumerate(zip(seen, bars, strict=True)):
            if first[place] is None and value >= bar:
                first[place] = applied.right + applied.wrong
    return first


def test_a_rewrite_that_changes_nothing_is_seldom_called_better_or_worse_however_often_one_looks():
    """Three hundred of them, looked at after each of 60 trials, with customers unlike each other: at most one in twenty each way."""
    rng = Random(5)
    found = [_ever(rng, said=0.5, rewritten=0.5, trials=60, bars=(20, 20, 10), own=0.4) for _ in range(300)]

    assert sum(each[0] is not None for each in found) / 300 <= 0.05
    assert sum(each[1] is not None for each in found) / 300 <= 0.05


def test_one_that_keeps_its_promise_is_seldom_taken_back_and_one_that_breaks_it_is_at_once():
    """At seven in ten hardly ever; at one in ten within nine trials mostly, and within twenty nearly always."""
    rng = Random(6)
    good = [_ever(rng, said=0.2, rewritten=0.7, trials=60, bars=(20, 20, 10))[2] for _ in range(200)]
    bad = sorted(_ever(rng, said=0.2, rewritten=0.1, trials=100, bars=(20, 20, 10))[2] or 999 for _ in range(200))

    assert sum(each is not None for each in good) / 200 <= 0.05
    assert bad[100] <= 9
    assert bad[189] <= 20


def test_e_bh_finds_what_it_should_by_hand():
    """Of four at 5 %, the largest needs 80, the second 40, the third 26.7: two are found though neither has 80."""
    assert found_among({"a": 45.0, "b": 41.0, "c": 3.0, "d": 0.1}) == {"a", "b"}
    assert found_among({"a": 79.0, "b": 39.0, "c": 3.0, "d": 0.1}) == frozenset()
    assert found_among({"a": 80.0, "b": 39.0, "c": 26.0, "d": 0.1}) == {"a"}
    assert found_among({"a": 27.0, "b": 27.0, "c": 27.0, "d": 0.1}) == {"a", "b", "c"}
    assert found_among({}) == frozenset()


def test_of_what_is_found_few_are_false():
    """A hundred effects, eighty of which are none, two hundred times: the mean share of false ones is at most 5 %."""
    rng = Random(7)
    shares = []
    for _ in range(200):
        # Likelihood ratios of N(3, 1) to N(0, 1): e-values with mean one under nought.
        drawn = {f"{number}": rng.gauss(0 if number < 80 else 3, 1) for number in range(100)}
        found = found_among({name: 2.718281828 ** (3 * each - 4.5) for name, each in drawn.items()})
        shares.append(sum(int(name) < 80 for name in found) / max(len(found), 1))

    assert sum(shares) / 200 <= 0.05
    assert max(shares) > 0


def test_a_canary_is_promoted_by_its_evidence():
    """The one with evidence goes live; the other stays, and says nothing."""
    due = changes([Trial("good", Stage.CANARY, CLEARLY_BETTER), Trial("new", Stage.CANARY, NOTHING_YET)])

    assert [(each.rewrite_id, each.before, each.after, each.why) for each in due] == [("good", Stage.CANARY, Stage.LIVE, Why.FOUND_BETTER)]
    assert due[0].evidence > 40


@pytest.mark.parametrize("stage", [Stage.CANARY, Stage.LIVE])
@pytest.mark.parametrize(
    ("phase", "why"),
    [
        (Phase(0.3, Outcomes(0, 5)), Why.BROKEN_PROMISE),
        (Phase(0.3, Outcomes(12, 12), Outcomes(60, 0)), Why.FOUND_WORSE),
    ],
)
def test_what_fails_is_taken_back_for_good(stage: Stage, phase: Phase, why: Why):
    """On its fifth failure; or where it works half of the time, and leaving it as said would always have."""
    due = changes([Trial("bad", stage, (phase,))])

    assert [(each.before, each.after, each.why) for each in due] == [(stage, Stage.TAKEN_BACK, why)]
    assert due[0].evidence >= 10
    assert changes([Trial("bad", Stage.TAKEN_BACK, (phase,))]) == []


def test_whoever_was_taken_back_still_counts_among_the_many():
    """With a hundred tried before it, the same evidence does not suffice; what is live on it goes back to being tried."""
    weak = (Phase(CANARY_SHARE, Outcomes(9, 1), Outcomes(8, 16)),)
    tried = [Trial(f"{number}", Stage.TAKEN_BACK, (Phase(0.3, Outcomes(0, 5)),)) for number in range(100)]

    assert [each.why for each in changes([Trial("good", Stage.CANARY, weak)])] == [Why.FOUND_BETTER]
    assert changes([Trial("good", Stage.CANARY, weak), *tried]) == []
    assert [each.why for each in changes([Trial("good", Stage.LIVE, weak), *tried])] == [Why.NO_LONGER_FOUND]


def test_one_name_is_tried_once():
    """Two records of one rewrite are a fault of whoever counts."""
    with pytest.raises(AssertionError, match="under one name"):
        changes([Trial("one", Stage.CANARY, NOTHING_YET), Trial("one", Stage.LIVE, NOTHING_YET)])


def test_a_change_is_an_event_that_says_why():
    """Its fields are what the history needs."""
    assert Change.__slots__ == ("rewrite_id", "before", "after", "why", "evidence")


def test_a_canary_is_a_minority_and_a_promoted_one_keeps_a_hold_out():
    """Seven of ten are safe from an untried rewrite; two in a hundred stay to compare with."""
    assert (CANARY_SHARE, LIVE_SHARE) == (0.3, 0.98)
