"""The server believes no proof that it can refute: each rule has a table that breaks just it, under a proof that says it is fine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from markov.proof import encode_proof
from markov.verify import Rules, verify
from resay.dialogue.rewrite import Rewrite, Risk
from resay.store.artifact import BrokenArtifact, Shelf
from resay.store.lake import Lake
from resay.store.rewrites import PROOF_FILE, REWRITES_FILE, encode_rewrites, id_due
from rewrite_online.certificate import certified
from tests.builders import BASE, rewrite, rewrite_files
from tests.markov.talk import fill, mined, names, planted
from tests.markov.test_verify import facts_of

LAMP = rewrite("lamp on now", "turn on the lamp", state="light|on|")
PARAMETERS = {"customers_min": 10, "high_risk_factor": 3, "approved": 0}


def changed(one: Rewrite = LAMP, **changes: Any) -> Rewrite:
    """A changed rewrite with the id that it should have."""
    other = replace(one, **changes)
    return replace(other, rewrite_id=id_due(other))


def load(shelf: Path, *rewrites: Rewrite, parameters: Mapping[str, object] | None = None, **claims: object) -> list[Rewrite]:
    """What is loaded of a table that claims to be proven."""
    table = encode_rewrites(rewrites)
    proof = {"verdict": "proven", "table_sha256": hashlib.sha256(table).hexdigest(), "rewrites": len(rewrites)}
    proof |= {"parameters": PARAMETERS if parameters is None else parameters} | claims
    return certified(Shelf(shelf).write({REWRITES_FILE: table, PROOF_FILE: json.dumps(proof).encode()}))


def test_what_the_checker_proves_is_served(tmp_path: Path):
    """The real proof of a mined table, and that of an empty one."""
    lake = fill(Lake(tmp_path / "lake"), planted(customers=names(12)))
    for table in (list(mined(tmp_path / "mined", planted(customers=names(12))).rewrites), []):
        proof = verify(table, facts_of(lake, table), Rules(), now=BASE, clock=lambda: 0.0)

        loaded = certified(Shelf(tmp_path / "shelf").write({REWRITES_FILE: encode_rewrites(table), PROOF_FILE: encode_proof(proof)}))

        assert loaded == table


@pytest.mark.parametrize(
    ("faulty", "why"),
    [
        (changed(source="Lamp on now!"), "canonical text"),
        (changed(source=""), "canonical text"),
        (changed(target="…"), "must have words"),
        (changed(target="Lamp on now."), "others than the source"),
        (changed(target="/restart{}"), "command prefix"),
        (changed(target="turn on\x00 the lamp"), "control characters"),
        (changed(target="turn on\u200b the lamp"), "control characters"),
        (replace(LAMP, rewrite_id="r1"), "its id must be"),
        (changed(target="unlock the front door"), "its risk must be high"),
        (changed(state="lock|HassUnlock|"), "its risk must be high"),
        (changed(target="call priya"), "points to one person"),
        (changed(source="dial 0 1 2 3 4 5 6"), "points to one person"),
        (changed(score=-0.1), "between 0 and 1"),
        (changed(success_as_rewritten=1.5), "between 0 and 1"),
        (changed(success_as_said=0.9, success_as_rewritten=0.9), "more success"),
        (changed(support=9), "9 do, of 10"),
        (changed(evidence=()), "must name the turns"),
        (changed(risk=Risk.HIGH, support=29), "must have been approved by a person; 1 were not"),
    ],
)
def test_a_row_that_breaks_a_rule_keeps_the_whole_table_out(tmp_path: Path, faulty: Rewrite, why: str):
    """A sound one beside it changes nothing: who wrote one wrong row wrote the others too."""
    with pytest.raises(BrokenArtifact, match="must keep the rules that its proof names") as refused:
        load(tmp_path, rewrite("play madona", "play madonna"), faulty)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ((LAMP, changed(target="switch the lamp on")), "one target in this context"),
        ((LAMP, changed(source="turn on the lamp", target="lamp please")), "would not end in one hop"),
        ((LAMP, changed(source="turn on the lamp", target="lamp on now")), "would not end in one hop"),
        ((LAMP, changed(source="turn on the lamp", target="lamp please", prompt_kind="which")), "would not end in one hop"),
    ],
)
def test_rewriting_ends_in_one_hop(tmp_path: Path, table: tuple[Rewrite, ...], why: str):
    """Two targets, a chain, a cycle, and a chain by way of another context."""
    with pytest.raises(BrokenArtifact) as refused:
        load(tmp_path, *table)

    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ((changed(room="kitchen", device_type="tv"),), "not in both"),
        ((changed(room="kitchen", not_rooms=("hall",)),), "must not name others"),
        ((changed(room="kitchen"), changed(device_type="tv")), "by rooms or by kinds of device"),
        ((LAMP, changed(room="kitchen", target="turn on the light")), "a rewrite of its own"),
        ((changed(not_rooms=("priya's room",)),), "point to nobody"),
        ((changed(room="mr jones"), changed(not_rooms=("mr jones",))), "point to nobody"),
        ((changed(not_device_types=("",)),), "point to nobody"),
        ((changed(not_cohorts=("",)),), "cohorts that it spares"),
        ((changed(not_cohorts=("beta", "alpha")),), "each once, in order"),
        ((changed(room="hall", not_cohorts=("friends of mr jones",)),), "cohorts that it spares"),
    ],
)
def test_which_of_two_rewrites_holds_where_is_never_open(tmp_path: Path, table: tuple[Rewrite, ...], why: str):
    """A room and a kind of device would both claim the turn of a device in a room."""
    with pytest.raises(BrokenArtifact) as refused:
        load(tmp_path, *table)

    assert why in str(refused.value)


def test_a_table_that_tells_rooms_apart_is_served(tmp_path: Path):
    """The one for any room spares those that have their own, and those where nothing is to be said."""
    anywhere = changed(not_rooms=("hall", "kitchen"))

    load(tmp_path, anywhere, changed(room="kitchen", target="turn on the light"))


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"verdict": "unknown"}, "must be proven"),
        ({"verdict": "refused"}, "must be proven"),
        ({"table_sha256": "0" * 64}, "must be proven"),
        ({"rewrites": 2}, "it says 2 of 1"),
        ({"parameters": {}}, "the proof says 0"),
        ({"parameters": PARAMETERS | {"customers_min": 1}}, "the proof says 1"),
        ({"parameters": PARAMETERS | {"customers_min": "ten"}}, "must be a proof"),
        ({"parameters": PARAMETERS | {"customers_min": None}}, "must be a proof"),
        ({"rewrites": None}, "must be a proof"),
    ],
)
def test_a_proof_that_says_too_little_proves_nothing(tmp_path: Path, claims: dict[str, Any], why: str):
    """Nor does one of another table, or one that lets a single customer decide; "don't know" is not proven."""
    with pytest.raises(BrokenArtifact) as refused:
        load(tmp_path, LAMP, **claims)

    assert why in str(refused.value)


def test_high_risk_needs_three_floors_or_a_person(tmp_path: Path):
    """As many as the proof says were approved may have less; a proof that names no factor exempts nobody."""
    door = changed(target="unlock the front door", risk=Risk.HIGH, support=12)

    assert load(tmp_path, replace(door, support=30)) == [replace(door, support=30)]
    assert load(tmp_path, door, parameters=PARAMETERS | {"approved": 1}) == [door]
    for parameters in (PARAMETERS, {"customers_min": 10}, PARAMETERS | {"high_risk_factor": 0.1}):
        claimed = replace(door, support=12 if parameters is PARAMETERS else 10)
        if parameters.get("high_risk_factor") == 0.1:
            claimed = replace(door, support=9)
        with pytest.raises(BrokenArtifact):
            load(tmp_path, claimed, parameters=parameters)


def test_faults_tell_no_text(tmp_path: Path):
    """Whoever asks whether the service is ready need not show a key."""
    secret = changed(source="call my sister priya", target="call priya sharma", support=1)

    with pytest.raises(BrokenArtifact) as refused:
        load(tmp_path, secret)

    assert "priya" not in str(refused.value)


def test_many_faults_are_told_in_few_words(tmp_path: Path):
    """Three of them, and how many more."""
    with pytest.raises(BrokenArtifact, match="; and 7 more;"):
        load(tmp_path, *(changed(source=f"lamp {number}", support=1) for number in range(10)))


def test_the_builder_of_tests_makes_what_is_served(tmp_path: Path):
    """Other tests lean on it."""
    assert certified(Shelf(tmp_path).write(rewrite_files(LAMP))) == [LAMP]
