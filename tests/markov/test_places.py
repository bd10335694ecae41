"""The same words in different places: split where places disagree, back off where they do not show it, nothing where nothing is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from markov.candidate import Bar, Declined
from markov.duckdb_engine import DuckDBEngine
from markov.facts import read_facts
from markov.mine import Mined, mine
from markov.verify import Rules, sift
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from tests.builders import BASE
from tests.markov.talk import NOTHING, Log, Said, alone, fill, mined, names, opening, rephrased

RADIO, TELEVISION, LAMP = (
    ("turn up the radio", 'media|up|{"name":"radio"}'),
    ("turn up the television", 'media|up|{"name":"tv"}'),
    ("turn on the lamp", "light|on|"),
)


def meant(where: str, meaning: tuple[str, str], customers: Sequence[str], *, at: float = 100, device_type: str = "", day: int = 0) -> Log:
    """Customers who say "turn it up" there in vain, and then what they mean."""
    log = NOTHING
    for customer in customers:
        first = Said(customer, at, "turn it up", None, "failure", room=where, device_type=device_type, day=day)
        log += rephrased(first, replace(first, at=at + 10, text=meaning[0], reading=meaning[1], outcome="success"))
    return log


def works(where: str, customers: Sequence[str], *, at: float = 100) -> Log:
    """Customers for whom it does as it is said."""
    return alone(*(Said(customer, at, "turn it up", "media|up|here", room=where) for customer in customers))


def people(*logs: Log) -> Log:
    """The logs, whose customers are all old enough to count."""
    log = sum(logs, NOTHING)
    return log + opening(sorted({turn.customer for turn in log.turns}))


def table(found: Mined) -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """Room and kind of device by what is said there, and the rooms that are spared."""
    return {(each.room, each.device_type): (each.target, each.not_rooms) for each in found.rewrites}


def test_rooms_that_disagree_are_told_apart(tmp_path: Path):
    """Neither is served the other's, and where nobody knows which, nothing is said."""
    log = people(meant("kitchen", RADIO, names(15, "k")), meant("lounge", TELEVISION, names(15, "l")))

    found = mined(tmp_path, log)

    assert table(found) == {("kitchen", ""): (RADIO[0], ()), ("lounge", ""): (TELEVISION[0], ())}
    assert found.reasons["turn it up", ""] is Declined.GOALS_DIFFER


def test_what_holds_nearly_everywhere_spares_the_room_that_differs(tmp_path: Path):
    """That room has its own; a room of which nothing is known has what holds anywhere."""
    log = people(meant("kitchen", RADIO, names(60, "k")), meant("lounge", TELEVISION, names(15, "l")))

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ("lounge",)), ("lounge", ""): (TELEVISION[0], ())}


def test_without_evidence_of_its_own_a_room_is_left_to_what_holds_anywhere(tmp_path: Path):
    """Nine customers are below the floor, whatever they meant."""
    log = people(meant("kitchen", RADIO, names(60, "k")), meant("lounge", TELEVISION, names(9, "l")))

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ())}


def test_rooms_that_disagree_and_show_little_get_nothing(tmp_path: Path):
    """Together they are enough for the floor, and they contradict each other."""
    log = people(meant("kitchen", RADIO, names(9, "k")), meant("lounge", TELEVISION, names(9, "l")))

    assert mined(tmp_path, log).rewrites == ()


def test_rooms_that_agree_are_not_told_apart(tmp_path: Path):
    """One rewrite for all, with the evidence of all."""
    log = people(meant("kitchen", RADIO, names(15, "k")), meant("lounge", RADIO, names(15, "l")))

    (rewrite,) = mined(tmp_path, log).rewrites

    assert (rewrite.place.is_split_off, rewrite.not_rooms, rewrite.support) == (False, (), 30)


def test_a_room_may_mean_so_many_things_that_nothing_is_said_there(tmp_path: Path):
    """It refutes what holds anywhere, and has nothing to put in its place."""
    there = names(15, "l")
    log = people(meant("kitchen", RADIO, names(60, "k")), meant("lounge", TELEVISION, there[:8]), meant("lounge", LAMP, there[8:]))

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ("lounge",))}


def test_a_room_in_which_it_works_as_said_is_spared(tmp_path: Path):
    """Harm on good traffic is the first number that we report."""
    log = people(meant("kitchen", RADIO, names(60, "k")), works("bedroom", names(15, "b")))

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ("bedroom",))}


def test_where_it_mostly_works_as_said_the_room_in_which_it_does_not_is_helped(tmp_path: Path):
    """Over all it succeeds too often to be rewritten."""
    log = people(meant("kitchen", RADIO, names(15, "k")), works("bedroom", names(60, "b")))

    assert table(mined(tmp_path, log)) == {("kitchen", ""): (RADIO[0], ())}


def test_kinds_of_device_are_told_apart_like_rooms(tmp_path: Path):
    """Where rooms are not known."""
    log = people(meant("", RADIO, names(15, "k"), device_type="speaker"), meant("", TELEVISION, names(15, "l"), device_type="tv"))

    assert table(mined(tmp_path, log)) == {("", "speaker"): (RADIO[0], ()), ("", "tv"): (TELEVISION[0], ())}


def test_a_source_is_told_apart_by_one_thing_only(tmp_path: Path):
    """Where rooms and devices say the same, rooms do: a device of a room must not have two rewrites."""
    log = people(
        meant("kitchen", RADIO, names(15, "k"), device_type="speaker"), meant("lounge", TELEVISION, names(15, "l"), device_type="tv")
    )

    assert table(mined(tmp_path, log)) == {("kitchen", ""): (RADIO[0], ()), ("lounge", ""): (TELEVISION[0], ())}


def test_one_customer_in_a_room_decides_nothing_there(tmp_path: Path):
    """However often they say it, and though ten have said it there."""
    fan = NOTHING
    for number in range(40):
        fan += meant("lounge", TELEVISION, ["fan"], at=1000 + 100 * number)
    log = people(meant("kitchen", RADIO, names(60, "k")), meant("lounge", RADIO, names(10, "l")), fan)

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ())}


def test_a_room_in_which_the_wording_itself_fails_is_spared(tmp_path: Path):
    """There is no radio in the attic, whatever is meant."""
    attic = names(12, "a")
    failing = alone(
        *(Said(customer, 100, "turn it up", None, "failure", room="attic") for customer in attic),
        *(Said(customer, 9000, RADIO[0], RADIO[1], "failure", room="attic") for customer in attic),
    )
    log = people(meant("kitchen", RADIO, names(60, "k")), failing)

    assert table(mined(tmp_path, log)) == {("", ""): (RADIO[0], ("attic",))}


def test_after_another_question_the_same_room_is_another_place(tmp_path: Path):
    """What was meant there after a question says nothing of what is meant where nothing had been asked."""
    asked = [replace(turn, kind="which") for turn in meant("kitchen", TELEVISION, names(15, "q")).turns]
    after = NOTHING
    for first, then in zip(asked[::2], asked[1::2], strict=True):
        after += rephrased(first, then)
    log = people(meant("kitchen", RADIO, names(60, "k")), after)

    found = mined(tmp_path, log)

    assert {(each.prompt_kind, each.target, each.not_rooms) for each in found.rewrites} == {
        ("", RADIO[0], ()),
        ("which", TELEVISION[0], ()),
    }


@pytest.mark.parametrize("share", [60, 15])
def test_what_is_split_is_proven(tmp_path: Path, share: int):
    """The checker, by its own rules, finds the same places apart."""
    log = people(meant("kitchen", RADIO, names(share, "k")), meant("lounge", TELEVISION, names(15, "l")))
    with fill(Lake(tmp_path), log).connect() as connection:
        found = mine(DuckDBEngine(connection), Bar()).rewrites

        kept, proof = sift(found, read_facts(connection, found), Rules(), now=BASE, clock=lambda: 0.0)

    assert [each.rewrite_id for each in kept] == [each.rewrite_id for each in found]
    assert proof.left_out == ()


def served(where: str, rewrite: Rewrite, customers: Sequence[str], *, day: int, outcome: str, reading: str) -> Log:
    """Turns that were rewritten there, and what came of them."""
    return alone(
        *(Said(customer, 50, rewrite.target, reading, outcome, room=where, original="turn it up", day=day) for customer in customers)
    )


def again(folder: Path, log: Log, live: Sequence[Rewrite]) -> Mined:
    """What is mined while a table is live."""
    with fill(Lake(folder), log).connect() as connection:
        return mine(DuckDBEngine(connection), Bar(), live=live)


def test_a_rewrite_that_loses_in_one_room_is_not_served_there_any_more(tmp_path: Path):
    """Its record over all is good; that of the room is not."""
    log = people(
        meant("kitchen", RADIO, names(60, "k")),
        alone(*(Said(customer, 100, "turn it up", None, "failure", room="lounge") for customer in names(12, "l"))),
    )
    live = mined(tmp_path / "before", log).rewrites
    log += served("kitchen", live[0], names(60, "k"), day=1, outcome="success", reading=RADIO[1])
    log += served("lounge", live[0], names(12, "l"), day=1, outcome="failure", reading=RADIO[1])

    found = again(tmp_path / "after", log, live)

    assert table(mined(tmp_path / "unaware", log)) != {}
    assert [each.not_rooms for each in live] == [()]
    assert table(found) == {("", ""): (RADIO[0], ("lounge",))}


def test_a_rewrite_of_one_room_stands_by_the_record_of_that_room(tmp_path: Path):
    """What the same words came to in others neither keeps nor retires it."""
    log = people(meant("kitchen", RADIO, names(15, "k")), works("bedroom", names(60, "b")))
    live = mined(tmp_path / "before", log).rewrites
    good = served("kitchen", live[0], names(15, "k"), day=1, outcome="success", reading=RADIO[1])
    bad = served("kitchen", live[0], names(15, "k"), day=1, outcome="failure", reading=RADIO[1])

    kept, lost = again(tmp_path / "good", log + good, live), again(tmp_path / "bad", log + bad, live)

    assert table(kept) == {("kitchen", ""): (RADIO[0], ())}
    assert table(lost) == {}


def test_rooms_that_are_spared_do_not_speak_of_the_others(tmp_path: Path):
    """As said it works in the bedroom, and hardly anybody says it unrewritten elsewhere: that must not retire it elsewhere."""
    log = people(meant("kitchen", RADIO, names(60, "k")), works("bedroom", names(15, "b")))
    live = mined(tmp_path / "before", log).rewrites
    for day in range(1, 6):
        log += served("kitchen", live[0], names(60, "k"), day=day, outcome="success", reading=RADIO[1])
        log += alone(*(Said(customer, 60, "turn it up", "media|up|here", room="bedroom", day=day) for customer in names(15, "b")))

    found = again(tmp_path / "after", log, live)

    assert table(found) == {("", ""): (RADIO[0], ("bedroom",))}
