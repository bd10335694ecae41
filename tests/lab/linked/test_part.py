"""Parts: cut alike everywhere, and each with its share."""

from __future__ import annotations

from collections import Counter

from resay.lab.linked.part import CHOOSE_SHARE, TRAIN_SHARE, Part, dealt, part_of


def test_a_thing_is_always_of_the_same_part():
    """The cut is by name alone: these stand here so that another hash turns the test red."""
    assert [part_of(key) for key in ("calendar_set", "qa_definition", "play_music")] == [Part.TRAIN, Part.CHOOSE, Part.TEST]


def test_parts_have_their_shares():
    """Of many things, as many as is said."""
    counted = Counter(part_of(f"thing {number}") for number in range(10_000))

    assert abs(counted[Part.TRAIN] / 10_000 - TRAIN_SHARE) < 0.02
    assert abs(counted[Part.CHOOSE] / 10_000 - CHOOSE_SHARE) < 0.02


def test_a_few_things_are_dealt_out_so_that_each_part_has_some():
    """A hash alone would leave a part without any, now and then."""
    for few in range(5, 12):
        counted = Counter(dealt(f"family {number}" for number in range(few)).values())

        assert set(counted) == set(Part)
        assert counted[Part.TRAIN] == max(counted.values())
