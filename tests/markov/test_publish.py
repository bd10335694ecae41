"""A published table is wholly old or wholly new, proven, and comes back only as far as it can still be proven."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from markov.proof import Proof, Verdict
from markov.publish import Card, NoSuchGeneration, Unproven, live_rewrites, publish, read_card, retire, roll_back
from resay.dialogue.rewrite import Rewrite, Risk
from resay.store.artifact import Shelf
from resay.store.rewrites import CARD_FILE, PROOF_FILE, encode_rewrites, rewrite_id_of
from tests.builders import BASE


def row(source: str) -> Rewrite:
    """A rewrite of a source."""
    return Rewrite(
        rewrite_id=rewrite_id_of(source, "", "turn on the lamp"),
        source=source,
        prompt_kind="",
        target="turn on the lamp",
        state="light|on|",
        risk=Risk.LOW,
        score=0.9,
        success_as_said=0.1,
        success_as_rewritten=0.9,
        support=12,
        times=20,
        evidence=("a", "b"),
    )


def proof_of(*rewrites: Rewrite, verdict: Verdict = Verdict.PROVEN) -> Proof:
    """A proof of just this table."""
    return Proof(verdict, BASE, "test/1", hashlib.sha256(encode_rewrites(rewrites)).hexdigest(), len(rewrites), (), {}, ())


CARD = Card(made_at=BASE, follows=None, parameters={"customers_min": 10}, totals={"turns": 100})


def put(shelf: Shelf, *rewrites: Rewrite) -> int:
    """Publish a table; answers its number."""
    return publish(shelf, rewrites, proof=proof_of(*rewrites), card=CARD).number


def still(*rewrites: Rewrite):
    """A recheck that finds just these provable."""

    def recheck(table, _old):
        kept = [rewrite for rewrite in table if rewrite in rewrites]
        return kept, proof_of(*kept)

    return recheck


def test_a_published_table_is_live_with_proof_and_card(tmp_path: Path):
    """Beside the rows lie what was checked, and what the generation is."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"), row("light"))

    generation, rewrites = live_rewrites(shelf)

    assert rewrites == [row("lamp"), row("light")]
    assert json.loads(generation.read(PROOF_FILE))["verdict"] == "proven"
    assert json.loads(generation.read(CARD_FILE))["totals"] == {"turns": 100, "rewrites": 2, "times": 40, "support_min": 12}


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.UNKNOWN])
def test_what_is_not_proven_is_not_published(tmp_path: Path, verdict: Verdict):
    """Refused and unknown alike; the shelf stays as it was."""
    with pytest.raises(Unproven):
        publish(Shelf(tmp_path), [row("lamp")], proof=proof_of(row("lamp"), verdict=verdict), card=CARD)

    assert Shelf(tmp_path).numbers() == []


def test_the_proof_of_another_table_proves_nothing(tmp_path: Path):
    """One figure differs."""
    with pytest.raises(Unproven):
        publish(Shelf(tmp_path), [replace(row("lamp"), support=13)], proof=proof_of(row("lamp")), card=CARD)


def test_rolling_back_makes_the_one_before_live(tmp_path: Path):
    """The pointer moves; nothing is written."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"))
    put(shelf, row("light"))

    generation = roll_back(shelf, recheck=still(row("lamp")), now=BASE)

    assert (generation.number, shelf.numbers()) == (1, [1, 2])
    assert live_rewrites(shelf)[1] == [row("lamp")]


def test_rolling_back_twice_goes_back_twice(tmp_path: Path):
    """The one before the live one, not before the newest."""
    shelf = Shelf(tmp_path)
    for source in ("lamp", "light", "glow"):
        put(shelf, row(source))

    roll_back(shelf, recheck=still(row("light")), now=BASE)
    roll_back(shelf, recheck=still(row("lamp")), now=BASE)

    assert live_rewrites(shelf)[1] == [row("lamp")]


LAMP_ID = row("lamp").rewrite_id


def needless(**versions: str) -> Card:
    """A card that says that the assistant, of these versions, does not need the rewrite of the lamp."""
    return Card(BASE, None, {}, {}, versions=versions, needless={LAMP_ID: "learnt"})


def test_what_is_needless_is_taken_out_at_once(tmp_path: Path):
    """The rest follows as a new generation, with the rules of the old one, which says what went and why."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"), row("light"))

    generation = retire(shelf, needless(nlu="2"), recheck=still(row("lamp"), row("light")))

    assert generation is not None
    card = read_card(generation)
    assert live_rewrites(shelf)[1] == [row("light")]
    assert (card.follows, card.parameters, card.retired) == (1, {"customers_min": 10}, {LAMP_ID: "learnt"})
    assert (card.needless, card.versions) == ({LAMP_ID: "learnt"}, {"nlu": "2"})


def test_what_is_not_live_need_not_retire(tmp_path: Path):
    """No generation for nothing; nor where none was ever live."""
    shelf = Shelf(tmp_path)
    assert retire(shelf, needless(), recheck=still()) is None
    put(shelf, row("light"))

    assert retire(shelf, needless(), recheck=still(row("light"))) is None
    assert shelf.numbers() == [1]


def test_what_is_left_must_be_proven_still(tmp_path: Path):
    """Nothing is published, and the old one stays, where the rest cannot be."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"), row("light"))

    with pytest.raises(Unproven):
        retire(shelf, needless(), recheck=lambda table, _: (list(table), proof_of(*table, verdict=Verdict.UNKNOWN)))

    assert (shelf.numbers(), len(live_rewrites(shelf)[1])) == ([1], 2)


def test_what_was_needless_before_stays_so_under_the_same_versions(tmp_path: Path):
    """Another replay adds to it; another version begins anew."""
    for versions, kept in (({"nlu": "2"}, {"light"}), ({"nlu": "3"}, set())):
        shelf = Shelf(tmp_path / "-".join(versions.values()))
        put(shelf, row("lamp"), row("light"), row("glow"))
        light = Card(BASE, None, {}, {}, versions={"nlu": "2"}, needless={row("light").rewrite_id: "learnt"})
        retire(shelf, light, recheck=still(row("lamp"), row("glow")))

        generation = retire(shelf, needless(**versions), recheck=still(row("glow")))

        assert generation is not None
        assert read_card(generation).needless.keys() == {LAMP_ID, *(row(source).rewrite_id for source in kept)}


def test_what_was_vetoed_since_does_not_come_back(tmp_path: Path):
    """The rest of the old generation comes back as a new one that says what it restores."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"), row("light"))
    put(shelf, row("glow"))

    generation = roll_back(shelf, 1, recheck=still(row("light")), now=BASE)

    assert generation.number == 3
    assert live_rewrites(shelf)[1] == [row("light")]
    assert json.loads(generation.read(CARD_FILE))["restores"] == 1


def test_a_generation_of_which_nothing_is_left_does_not_come_back(tmp_path: Path):
    """Better an error than an empty table by surprise."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"))
    put(shelf, row("light"))

    with pytest.raises(Unproven):
        roll_back(shelf, 1, recheck=still(), now=BASE)

    assert live_rewrites(shelf)[1] == [row("light")]


@pytest.mark.parametrize("number", [None, 7])
def test_there_must_be_something_to_roll_back_to(tmp_path: Path, number: int | None):
    """A first generation has none before it, and number 7 was never made."""
    shelf = Shelf(tmp_path)
    put(shelf, row("lamp"))

    with pytest.raises(NoSuchGeneration):
        roll_back(shelf, number, recheck=still(row("lamp")), now=BASE)


STEPS = 12
"""Writes, syncs and renames of one publishing, and one more, at which nobody is killed."""


def test_killed_at_any_step_readers_see_old_or_new(tmp_path: Path):
    """A process is killed at its n-th write, sync or rename; the table is wholly old or wholly new, and publishing again works."""
    shelves = [Shelf(tmp_path / str(step)) for step in range(STEPS)]
    for shelf in shelves:
        put(shelf, row("old"))
    (tmp_path / "killed.py").write_text(textwrap.dedent(KILLED))

    done = subprocess.run(
        [sys.executable, str(tmp_path / "killed.py"), str(tmp_path), str(STEPS)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["9"] * (STEPS - 1) + ["0"]
    seen = [[each.source for each in live_rewrites(shelf)[1]] for shelf in shelves]
    assert {tuple(each) for each in seen} == {("old",), ("new",)}
    for shelf in shelves:
        put(shelf, row("newer"))
        assert [each.source for each in live_rewrites(shelf)[1]] == ["newer"]


KILLED = """
    import os, pathlib, signal, sys

    from resay.store.artifact import Shelf
    from tests.markov.test_publish import put, row

    def die_at(step):
        left = [step]

        def dying(real):
            def call(*args, **options):
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return real(*args, **options)
            return call

        os.fsync = dying(os.fsync)
        for name in ("rename", "replace", "mkdir"):
            setattr(pathlib.Path, name, dying(getattr(pathlib.Path, name)))

    for step in range(int(sys.argv[2])):
        child = os.fork()
        if child == 0:
            die_at(step)
            put(Shelf(pathlib.Path(sys.argv[1]) / str(step)), row("new"))
            os._exit(0)
        print(os.waitpid(child, 0)[1], flush=True)
"""
