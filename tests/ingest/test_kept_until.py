"""Up to which moment all of a log is kept: held against the log itself, at every look."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.kept_until import KeptUntil
from tests.builders import BASE


def after(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_one_partition_that_is_behind_holds_all_back():
    """What a talk lacks may stand there; once it is read, all is kept as of when its end was seen."""
    kept_until = KeptUntil()

    looks = [
        kept_until.look({"0": 5, "1": 9}, kept, at=BASE + after(second))
        for second, kept in enumerate([{"0": 0, "1": 0}, {"0": 5, "1": 8}, {"0": 5, "1": 9}])
    ]

    assert looks == [None, None, BASE + after(2)]
    assert not kept_until.is_behind


def test_nothing_is_known_of_a_log_whose_ends_nobody_knows():
    """A member that has no partition yet knows nothing, and tells nothing."""
    assert KeptUntil().look({}, {}, at=BASE) is None


def test_under_steady_traffic_it_goes_on_though_nobody_ever_has_all():
    """Each end is reached a second after it is seen, when there is a new one."""
    kept_until = KeptUntil()

    looks = [kept_until.look({"0": second + 1}, {"0": second}, at=BASE + after(second)) for second in range(6)]

    assert looks == [None, *(BASE + after(second) for second in range(5))]
    assert kept_until.is_behind


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.booleans()), max_size=40))
def test_never_is_more_promised_than_is_kept(steps: list[tuple[int, int, bool]]):
    """Records come to three partitions and are kept, in any order: at the moment that is told each partition ended where it is kept now."""
    kept_until, ends, kept = KeptUntil(), dict.fromkeys("012", 0), dict.fromkeys("012", 0)
    held = {BASE: dict(ends)}
    for second, (number, records, comes) in enumerate(steps, 1):
        name = str(number)
        if comes:
            ends[name] += records
        else:
            kept[name] = min(ends[name], kept[name] + records)
        at = BASE + after(second)
        held[at] = dict(ends)

        until = kept_until.look(ends, kept, at=at)

        assert until is None or all(kept[each] >= held[until][each] for each in ends)
        assert kept_until.is_behind == (kept != ends)
        assert kept != ends or until == at
