"""Needless rewrites: what the assistant understands by now is left as it is, whatever layer would rewrite it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Layer, Reason, Rewrite
from resay.dialogue.wording import Wording
from resay.store.artifact import Shelf
from resay.store.rewrites import CARD_FILE, REWRITES_FILE, rewrite_id_of
from resay.store.wordings import MEANING_FILE, WORDINGS_FILE, WORDINGS_PROOF_FILE, encode_wordings
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from tests.builders import BASE, asked, rewrite_files
from tests.rewrite_online.test_global_layer import wording
from tests.rewrite_online.test_meaning import LIGHT, RADIO

LEARNT = wording("lamp please", LIGHT, success=0.97)
"""What the assistant understands by now."""


def alone(*wordings: Wording, table: Sequence[Rewrite] = (), **changed: object) -> dict[str, bytes]:
    """The files of a generation that knows wordings and nothing beyond its table; `changed` are fields of its proof."""
    content = {WORDINGS_FILE: encode_wordings(wordings)}
    base = rewrite_files(*table)
    hashes = {name: hashlib.sha256(each).hexdigest() for name, each in (content | {REWRITES_FILE: base[REWRITES_FILE]}).items()}
    proof: dict[str, object] = {"verdict": "proven", "sha256": hashes, "wordings": len(wordings), "parameters": {"customers_min": 10}}
    return base | content | {WORDINGS_PROOF_FILE: json.dumps(proof | changed).encode()}


def answer(folder: Path, content: dict[str, bytes], said: str, *, state: str = LIGHT) -> tuple[Layer | None, Reason]:
    """What a customer is answered who twice rephrased these words to the light."""
    shelf = Shelf(folder)
    shelf.publish(shelf.write(content).number)
    history = [Tried(said, "", "", Way.REPHRASED, "turn on the light", "turn on the light", state, 3, 3, BASE.date(), "t1")]
    watch = Watch(shelf, list, personal=PersonalLayer(lambda _customer, _since: history, lambda: 1))
    assert watch.refresh().generation is not None, watch.live().problem
    found = Rewriter(watch.live, hold_out=NO_HOLD_OUT, clock=lambda: 0.0).rewrite(asked(said), now=BASE, budget_s=60)
    return found.layer, found.reason


def test_a_customers_own_rewrite_ends_when_the_assistant_understands(tmp_path: Path):
    """Their history is of what it was; many customers say so lately."""
    assert answer(tmp_path / "before", alone(wording("else", RADIO)), "lamp please") == (Layer.PERSONAL, Reason.REWRITTEN)
    assert answer(tmp_path / "after", alone(LEARNT), "lamp please") == (Layer.PERSONAL, Reason.NEEDLESS)


def test_what_this_customer_means_otherwise_is_rewritten_still(tmp_path: Path):
    """The same words, and another state than they are taken for."""
    assert answer(tmp_path, alone(LEARNT), "lamp please", state=RADIO) == (Layer.PERSONAL, Reason.REWRITTEN)


@pytest.mark.parametrize("known", [wording("lamp please", LIGHT, success=0.8), wording("lamp please", "", success=0.05)])
def test_what_mostly_works_or_fails_is_no_reason(tmp_path: Path, known: Wording):
    """Only what surely succeeds as it is said needs nobody's help."""
    assert answer(tmp_path, alone(known), "lamp please") == (Layer.PERSONAL, Reason.REWRITTEN)


def test_what_the_assistant_says_of_itself_holds_for_all_layers(tmp_path: Path):
    """A card names rewrites that it needs no more: no layer brings them back."""
    told = {rewrite_id_of("lamp please", "", "turn on the light"): "it understands that"}
    files = rewrite_files() | {CARD_FILE: json.dumps({"needless": told}).encode()}

    assert answer(tmp_path / "told", files, "lamp please") == (Layer.PERSONAL, Reason.NEEDLESS)
    assert answer(tmp_path / "other", files, "lamp, please!") == (Layer.PERSONAL, Reason.NEEDLESS)
    assert answer(tmp_path / "else", files, "lamps please") == (Layer.PERSONAL, Reason.REWRITTEN)


def test_a_broken_card_is_refused(tmp_path: Path):
    """A generation is served whole or not at all."""
    shelf = Shelf(tmp_path)
    shelf.publish(shelf.write(rewrite_files() | {CARD_FILE: b"[]"}).number)

    assert Watch(shelf, list).refresh().generation is None


def test_wordings_alone_are_held_to_their_proof(tmp_path: Path):
    """Changed, of too few, or without what was learnt beside them."""
    few = Wording("lamp please", "", LIGHT, LEARNT.risk, 9, times=60, success=0.97, last_day=1)
    broken = [
        alone(LEARNT) | {WORDINGS_FILE: encode_wordings([wording("lamp please", RADIO)])},
        alone(few),
        alone(LEARNT, verdict="refused"),
        alone(LEARNT, sha256={MEANING_FILE: "0"} | json.loads(alone(LEARNT)[WORDINGS_PROOF_FILE])["sha256"]),
    ]
    for number, content in enumerate(broken):
        shelf = Shelf(tmp_path / str(number))
        shelf.publish(shelf.write(content).number)

        assert Watch(shelf, list).refresh().generation is None, number


def test_the_builder_of_these_tests_makes_what_is_served(tmp_path: Path):
    """Else refusals would show nothing."""
    shelf = Shelf(tmp_path)
    shelf.publish(shelf.write(alone(LEARNT)).number)

    assert Watch(shelf, list).refresh().generation is not None
