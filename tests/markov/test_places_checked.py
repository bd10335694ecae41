"""The checker's rules of places: each is broken by one table, and what keeps them is proven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from markov.facts import read_facts
from markov.proof import Proof, Verdict
from markov.verify import Rules, verify
from resay.dialogue.rewrite import Rewrite
from resay.store.lake import Lake
from resay.store.rewrites import id_due
from tests.builders import BASE, rewrite
from tests.markov.talk import Log, Said, fill, names, opening, rephrased

RADIO, TELEVISION = ("turn up the radio", "media|up|radio"), ("turn up the television", "media|up|television")


def asked_in(room: str, customers: Sequence[str], meant: tuple[str, str], *, device_type: str = "") -> Log:
    """Customers who say "turn it up" there in vain, and then what they mean."""
    log = opening(customers)
    for customer in customers:
        first = Said(customer, 100, "turn it up", None, "failure", room=room, device_type=device_type)
        log += rephrased(first, replace(first, at=110, text=meant[0], reading=meant[1], outcome="success"))
    return log


def row(target: str, customers: Sequence[str], **others: object) -> Rewrite:
    """A rewrite of "turn it up" that these customers stand behind."""
    evidence = (f"{customers[0]}@0d100", f"{customers[0]}@0d110")
    drawn = rewrite("turn it up", target, support=len(customers), evidence=evidence, state="media|up|x", **others)
    return replace(drawn, rewrite_id=id_due(drawn))


IN_KITCHEN, IN_LOUNGE = names(40, "k"), names(12, "l")
ANYWHERE = row(RADIO[0], IN_KITCHEN, not_rooms=("lounge",))
LOUNGE = row(TELEVISION[0], IN_LOUNGE, room="lounge")


def checked(folder: Path, *rewrites: Rewrite, device_type: str = "") -> Proof:
    """The proof of a table, where the radio is meant in the kitchen and the television in the lounge."""
    log = asked_in("kitchen", IN_KITCHEN, RADIO) + asked_in("lounge", IN_LOUNGE, TELEVISION, device_type=device_type)
    with fill(Lake(folder), log).connect() as connection:
        return verify(rewrites, read_facts(connection, rewrites), Rules(), now=BASE, clock=lambda: 0.0)


def test_rooms_that_disagree_are_proven_apart(tmp_path: Path):
    """Each room's own evidence stands for its own rewrite."""
    assert checked(tmp_path, ANYWHERE, LOUNGE).verdict is Verdict.PROVEN


def test_nothing_may_be_said_in_a_room_too(tmp_path: Path):
    """To spare a room needs no other rewrite for it."""
    assert checked(tmp_path, ANYWHERE).verdict is Verdict.PROVEN


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ((replace(ANYWHERE, not_rooms=()),), "place: in one that is not spared 0 of 12 customers"),
        ((replace(ANYWHERE, not_rooms=("attic", "lounge")),), "floor: in a place that it names fewer than 10"),
        ((replace(ANYWHERE, not_rooms=("lounge", "kitchen")),), "place: those spared must have names, each once, in order"),
        ((replace(ANYWHERE, not_rooms=("", "lounge")),), "place: those spared must have names"),
        ((replace(ANYWHERE, not_rooms=(*map(str, range(64)), "lounge")),), "place: at most 64"),
        ((replace(ANYWHERE, not_rooms=("lounge", "priya's room")),), "personal:"),
        ((row(RADIO[0], IN_KITCHEN, room="kitchen", not_rooms=("lounge",)),), "place: what holds in one place spares no others"),
        ((row(TELEVISION[0], IN_LOUNGE, room="kitchen"),), "facts: the lake holds no turn"),
        ((row(RADIO[0], IN_KITCHEN, room="kitchen", device_type="tv"),), "place: a room or a kind of device"),
        ((replace(ANYWHERE, not_rooms=()), LOUNGE), "place: where the source has a rewrite of its own"),
        ((LOUNGE, replace(LOUNGE, target="Turn up the television")), "one_target:"),
    ],
)
def test_each_rule_of_places_refuses_what_breaks_it(tmp_path: Path, table: tuple[Rewrite, ...], rule: str):
    """One thing is wrong, and the rule says so."""
    proof = checked(tmp_path, *table)

    assert proof.verdict is not Verdict.PROVEN
    assert any(reason.startswith(rule) for fault in proof.faults for reason in fault.reasons)


def test_rooms_and_kinds_of_device_do_not_split_one_source(tmp_path: Path):
    """A device in a room would be both."""
    on_device = row(TELEVISION[0], IN_LOUNGE, device_type="tv")

    proof = checked(tmp_path, LOUNGE, on_device, device_type="tv")

    assert any("told apart by rooms and by kinds of device" in reason for fault in proof.faults for reason in fault.reasons)


def test_evidence_of_another_room_is_none(tmp_path: Path):
    """What is cited was said where the rewrite holds."""
    elsewhere = replace(LOUNGE, evidence=ANYWHERE.evidence)

    proof = checked(tmp_path, ANYWHERE, elsewhere)

    assert any(reason.startswith("evidence:") for fault in proof.faults for reason in fault.reasons)
