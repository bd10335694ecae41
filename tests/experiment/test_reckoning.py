"""Running sums: days add up to the whole in any order, one customer can be taken out, crossing takes out too, and looks come of it."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resay.experiment.assign import CONTROL, TREATMENT, Draw
from resay.experiment.compare import Arm, Plan, Ruling, compare
from resay.experiment.exposure import Exposed, Exposure, exposed
from resay.experiment.metric import DEFECT_RATE
from resay.experiment.reckoning import Counted, Past, Reckoning
from resay.experiment.statistic import Joint, joint
from tests.builders import BASE

ARMS = (CONTROL, TREATMENT)
ARM_OF = {"ann": TREATMENT, "bob": CONTROL, "eve": TREATMENT}
PAST = {"ann": Past({"defect_rate": (3, 9)}, frozenset({"uk"})), "bob": Past({"defect_rate": (1, 4)}, frozenset({"uk", "new"}))}

COUNTS = st.tuples(st.sampled_from(sorted(ARM_OF)), st.integers(0, 3), st.integers(1, 5))


def seen(customer: str, arm: str = "", *, day: int = 0) -> Exposed:
    """One exposure, in the customer's own arm unless told otherwise."""
    return exposed([Exposure(customer, arm or ARM_OF[customer], BASE + timedelta(days=day))])


ALL = seen("ann") + seen("bob") + seen("eve")


def counted(customer: str, total: int, base: int) -> Counted:
    """Defects and turns of a day."""
    return Counted(customer, "defect_rate", (min(total, base), base))


def state(reckoning: Reckoning) -> list[list[Arm]]:
    """All that can be asked of it."""
    return [reckoning.arms(ARMS, "defect_rate", cohort=cohort) for cohort in ("", "uk", "new")]


def test_days_come_to_the_sums_of_the_whole():
    """Two days of two customers, by hand: five turns of ann, four of bob, with what they did before."""
    reckoning = Reckoning(PAST)

    reckoning.add(seen("ann"), [counted("ann", 1, 3)])
    reckoning.add(seen("bob"), [counted("ann", 1, 2), counted("bob", 0, 4)])

    assert reckoning.arms(ARMS, "defect_rate") == [Arm(1, joint([((0, 4), (1, 4))])), Arm(1, joint([((2, 5), (3, 9))]))]
    assert reckoning.arms(ARMS, "defect_rate", cohort="new") == [Arm(1, joint([((0, 4), (1, 4))])), Arm(0, Joint())]
    assert reckoning.arms(ARMS, "barge_in") == [Arm(1, Joint()), Arm(1, Joint())]
    assert reckoning.cohorts() == ["new", "uk"]


@given(st.lists(COUNTS, max_size=12), st.randoms())
def test_the_order_of_days_does_not_matter(counts: list[tuple[str, int, int]], chance: Random):
    """The same counts, shuffled and told one by one, come to the same sums."""
    together, apart = Reckoning(PAST), Reckoning(PAST)
    shuffled = list(counts)
    chance.shuffle(shuffled)

    together.add(ALL, [counted(*each) for each in counts])
    apart.add(ALL, [])
    for each in shuffled:
        apart.add(Exposed(), [counted(*each)])

    assert state(together) == state(apart)


@given(st.lists(COUNTS, max_size=12), st.sampled_from(sorted(ARM_OF)))
def test_a_customer_who_is_taken_out_was_never_there(counts: list[tuple[str, int, int]], gone: str):
    """Sums, sizes, past and cohorts: to the bit."""
    whole, without = Reckoning(PAST), Reckoning(PAST)
    for each in sorted(ARM_OF):
        whole.add(seen(each), [])
        without.add(seen(each) if each != gone else Exposed(), [])
    whole.add(Exposed(), [counted(*each) for each in counts])
    without.add(Exposed(), [counted(*each) for each in counts if each[0] != gone])

    whole.take_out(gone)

    assert state(whole) == state(without)
    assert whole.exposed == without.exposed


def test_who_turns_up_in_the_other_arm_is_taken_back():
    """What was counted of ann goes, and nothing more comes; she is still missed where she began."""
    reckoning = Reckoning(PAST)
    reckoning.add(ALL, [counted("ann", 2, 5), counted("eve", 1, 2)])

    reckoning.add(seen("ann", CONTROL, day=3), [counted("ann", 1, 1)])

    assert reckoning.arms(ARMS, "defect_rate") == [Arm(1, Joint()), Arm(2, joint([((1, 2), (0, 0))]))]
    assert reckoning.exposed.crossed == {"ann"}


def test_late_news_that_a_customer_began_in_the_other_arm_takes_back_from_the_arm_that_counted():
    """Though her first exposure is now that of the other arm."""
    reckoning = Reckoning(PAST)
    reckoning.add(ALL, [counted("ann", 2, 5)])

    reckoning.add(seen("ann", CONTROL, day=-3), [])

    assert [each.sums for each in reckoning.arms(ARMS, "defect_rate")] == [Joint(), Joint()]
    assert [each.exposed for each in reckoning.arms(ARMS, "defect_rate")] == [2, 1]


def test_nothing_counts_of_who_was_not_exposed():
    """It is a fault of whoever counts, and not passed over."""
    with pytest.raises(AssertionError, match="must be exposed"):
        Reckoning({}).add(Exposed(), [counted("ann", 1, 2)])


def test_what_is_counted_must_have_a_base():
    """A day without a turn is no count at all."""
    with pytest.raises(AssertionError, match="must have a base"):
        Reckoning({}).add(ALL, [counted("ann", 0, 0)])


@pytest.mark.parametrize(("effect", "ruling"), [(0.0, Ruling.OPEN), (0.4, Ruling.BETTER)])
def test_an_experiment_from_the_draw_to_the_ruling(effect: float, ruling: Ruling):
    """Three hundred customers, drawn, exposed, counted for a week, and looked at: what is there is found, what is not is not."""
    draw, rng, reckoning = Draw("whole"), Random(4), Reckoning({})
    customers = [f"customer-{number}" for number in range(300)]
    own = {each: rng.betavariate(3, 7) for each in customers}
    rulings = []
    for day in range(7):
        moments, counts = [], []
        for each in customers:
            arm = draw.arm_of(each) or ""
            moments.append(Exposure(each, arm, BASE + timedelta(days=day)))
            rate = own[each] * (1 - effect if arm == TREATMENT else 1)
            turns = rng.randint(1, 5)
            counts.append(counted(each, sum(rng.random() < rate for _ in range(turns)), turns))
        reckoning.add(exposed(moments), counts)
        rulings.append(compare(Plan(DEFECT_RATE), *reckoning.arms(ARMS, "defect_rate")).ruling)

    assert rulings[-1] is ruling
    assert Ruling.WORSE not in rulings
