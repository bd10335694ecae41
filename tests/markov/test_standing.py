"""Live rewrites stand by their own record: kept, retired once needless, blocked once they lose, and back when that has changed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from markov.posterior import Day
from markov.standing import Bounds, Ruling, Standing, learnt_by_assistant, ruled, standings
from markov.trials import Record
from resay.dialogue.rewrite import Rewrite, Risk
from resay.store.rewrites import rewrite_id_of

TODAY = date(2026, 11, 21)
BOUNDS = Bounds(TODAY, source_success_max=0.5, target_success_min=0.5)
PAIR = ("lamp on now", "", "turn on the lamp")


def record(*days: tuple[int, float, float], customers: int = 12) -> Record:
    """Days ago, wins, losses; each customer has won and lost where anybody has."""
    told = tuple(Day(TODAY - timedelta(days=ago), wins, losses) for ago, wins, losses in sorted(days, reverse=True))
    won, lost = (any(getattr(day, name) for day in told) for name in ("wins", "losses"))
    return Record(told, customers, customers * won, customers * lost)


IN_VAIN = record(*((ago, 0, 4) for ago in range(1, 20)))
GOOD = record(*((ago, 9, 1) for ago in range(10)))


def standing(said: Record, rewritten: Record, *, live: bool = True) -> Standing:
    """How the pair stands."""
    records = {(*PAIR[:2], ""): said, PAIR: rewritten}
    return standings(records, [PAIR] if live else [], BOUNDS)[PAIR]


def test_a_rewrite_that_works_stands_by_itself():
    """In vain as said, nine in ten as rewritten, by enough customers: no mined evidence is needed any more."""
    found = standing(IN_VAIN, GOOD)

    assert found.vouched(10)
    assert not found.vouched(13), "fewer customers than the floor vouch for nothing"
    assert not found.barred


def test_a_rewrite_is_retired_once_the_assistant_has_learnt_its_source():
    """One day on which twenty held-out turns succeed outweighs nineteen days in vain."""
    learnt = record(*((ago, 0, 4) for ago in range(1, 20)), (0, 20, 0))

    found = standing(learnt, GOOD)

    assert found.retired
    assert found.needless
    assert "as said it does as well now" in found.reason
    assert learnt_by_assistant(learnt, BOUNDS)
    assert not learnt_by_assistant(IN_VAIN, BOUNDS)


def test_what_is_wrong_more_often_than_right_goes_though_as_said_it_is_worse():
    """One in three, where as said hardly any succeeds: a gain, but two wrong actions for each right one."""
    served = record(*((ago, 3, 6) for ago in range(10)))
    faded = record(*((ago, 3, 6) for ago in range(15, 20)))

    assert standing(IN_VAIN, served).retired
    assert not standing(IN_VAIN, served).needless
    assert standing(IN_VAIN, faded, live=False).blocked_until == TODAY + timedelta(days=13)


def test_a_change_is_dated_only_where_it_cost_the_rewrite():
    """It worked, and since five days it fails: what customers meant before then is no evidence. What steadily works has no date."""
    broken = record(*((ago, 9, 1) for ago in range(5, 15)), *((ago, 0, 9) for ago in range(5)))

    assert standing(IN_VAIN, broken).changed_on == TODAY - timedelta(days=4)
    assert standing(IN_VAIN, GOOD).changed_on is None


def test_a_broken_target_says_nothing_of_what_customers_mean():
    """Who says the target himself fails too: the rewrite goes, and what customers meant by its source stays evidence."""
    broken = record(*((ago, 9, 1) for ago in range(5, 15)), *((ago, 0, 9) for ago in range(5)))
    records = {(*PAIR[:2], ""): IN_VAIN, PAIR: broken, (PAIR[2], "", ""): broken}

    found = standings(records, [PAIR], BOUNDS)[PAIR]

    assert found.retired
    assert found.changed_on is None


def test_two_customers_retire_nothing():
    """Whoever two say succeeds, or fails, may be one household."""
    learnt = record(*((ago, 0, 4) for ago in range(1, 20)), (0, 20, 0), customers=2)

    assert not standing(learnt, GOOD).retired
    assert not standing(IN_VAIN, record((0, 0, 30), customers=2)).retired


@pytest.mark.parametrize(("losses", "gone"), [(2, False), (30, True)])
def test_losses_take_a_rewrite_out_and_bad_luck_does_not(losses: int, gone: bool):
    """Two losses may be chance; thirty are not."""
    assert standing(IN_VAIN, record((0, 0, losses), customers=3)).retired is gone


def test_what_lost_stays_away_for_four_weeks():
    """It is not live, its losses fade, and mined evidence alone does not bring it back before its time."""
    early, late = (record(*((ago, 0, 3) for ago in range(since, since + 5))) for since in (20, 29))

    blocked, free = (standing(IN_VAIN, each, live=False) for each in (early, late))

    assert blocked.barred
    assert blocked.blocked_until == TODAY + timedelta(days=8)
    assert free.blocked_until is None


def test_what_the_assistant_unlearns_comes_back():
    """As said it worked, so the rewrite went; now it fails again, and the rewrite's own successes are remembered."""
    unlearnt = record(*((ago, 5, 0) for ago in range(5, 20)), *((ago, 0, 6) for ago in range(5)))
    served = record(*((ago, 9, 1) for ago in range(20, 30)))

    assert not standing(unlearnt, served, live=False).barred


def test_a_pair_without_a_record_is_judged_by_what_was_mined():
    """Live since yesterday and said by nobody yet: neither barred nor vouched for."""
    found = standing(IN_VAIN, Record())

    assert not found.barred
    assert not found.vouched(1)


def test_what_became_of_a_table_is_said_with_reasons():
    """Kept, retired, turned round, blocked, dropped, new: each by its own rule, and no reason names a text."""
    sources = ("kept", "learnt", "turned", "lost", "faded")
    before = [rewrite(each, f"{each} please") for each in sources]
    after = [rewrite("kept", "kept please"), rewrite("turned please", "turned"), rewrite("fresh", "fresh please")]
    learnt = record(*((ago, 0, 4) for ago in range(1, 20)), (0, 20, 0))
    records = {
        ("kept", "", ""): IN_VAIN,
        ("kept", "", "kept please"): GOOD,
        ("learnt", "", ""): learnt,
        ("learnt", "", "learnt please"): GOOD,
        ("turned", "", "turned please"): record((0, 0, 30)),
        ("lost", "", "lost please"): record((0, 0, 30)),
    }
    judged = standings(records, [(each.source, "", each.target) for each in before], BOUNDS)

    found = ruled(before, after, judged=judged, dropped={before[4].rewrite_id: "floor: 3 customers"})

    assert [each.ruling for each in found] == [
        Ruling.KEPT, Ruling.RETIRED, Ruling.REVERSED, Ruling.BLOCKED, Ruling.DROPPED, Ruling.NEW, Ruling.NEW,
    ]  # fmt: skip
    assert found[4].reason == "floor: 3 customers"
    assert not [each for each in found if "please" in each.reason]


def rewrite(source: str, target: str) -> Rewrite:
    """A row of a table."""
    return Rewrite(rewrite_id_of(source, "", target), source, "", target, "s", Risk.LOW, 0.9, 0.1, 0.9, 12, 12, ())
