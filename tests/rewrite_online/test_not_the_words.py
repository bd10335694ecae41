"""Words that fail for other reasons than the words: nothing that helped others is said in their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Layer, Reason
from resay.dialogue.wording import Failing, Wording
from resay.store.artifact import BrokenArtifact, Shelf
from rewrite_online.global_certificate import wordings_known
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.not_the_words import CUSTOMERS_LEAST, SHARE_LEAST
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Rewriter
from rewrite_online.watch import Watch
from tests.builders import BASE, asked, rewrite
from tests.rewrite_online.test_global_layer import WORDINGS, files, wording
from tests.rewrite_online.test_meaning import LIGHT
from tests.rewrite_online.test_needless import alone

DOWN = Failing(20_000, CUSTOMERS_LEAST, 0.4, 0.2)
"""Six in ten failures of it are not of its words."""


def known(failing: Failing | None, text: str = "turn on the lite") -> list[Wording]:
    return [replace(each, failing=failing) if each.text == text else each for each in WORDINGS]


def answer(folder: Path, content: dict[str, bytes], said: str, *, personal: PersonalLayer | None = None) -> tuple[Layer | None, Reason]:
    shelf = Shelf(folder)
    shelf.publish(shelf.write(content).number)
    watch = Watch(shelf, list, personal=personal)
    assert watch.refresh().generation is not None, watch.live().problem
    found = Rewriter(watch.live, hold_out=NO_HOLD_OUT, clock=lambda: 0.0).rewrite(asked(said), now=BASE, budget_s=60)
    return found.layer, found.reason


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (None, Reason.REWRITTEN),
        (DOWN, Reason.NOT_THE_WORDS),
        (replace(DOWN, result=0.0, correct=SHARE_LEAST), Reason.NOT_THE_WORDS),
        (replace(DOWN, result=SHARE_LEAST - 0.01, correct=0.0), Reason.REWRITTEN),
    ],
)
def test_the_global_layer_leaves_them_alone(tmp_path: Path, failing: Failing | None, reason: Reason):
    """Where half of the failures or more are of the result, or of what the assistant rightly does not do."""
    assert answer(tmp_path, files(known(failing)), "turn on the lite") == (Layer.GLOBAL, reason)


def test_too_few_customers_keep_nobody_from_help(tmp_path: Path):
    """Whatever the floor of the generation."""
    content = files(known(replace(DOWN, customers=CUSTOMERS_LEAST - 1)), parameters={"customers_min": 2})

    assert answer(tmp_path, content, "turn on the lite") == (Layer.GLOBAL, Reason.REWRITTEN)


def test_other_words_are_rewritten_still(tmp_path: Path):
    """Those that are near too: it is told of the very words."""
    assert answer(tmp_path, files(known(DOWN)), "turn on that lite") == (Layer.GLOBAL, Reason.REWRITTEN)


@pytest.mark.parametrize(("failing", "reason"), [(None, Reason.REWRITTEN), (DOWN, Reason.NOT_THE_WORDS)])
def test_the_table_leaves_them_alone(tmp_path: Path, failing: Failing | None, reason: Reason):
    """With a ranker beside it, or with wordings alone."""
    table = rewrite("lamp on now", "turn on the light")
    lamp = replace(wording("lamp on now", "", success=0.1), failing=failing)

    whole = answer(tmp_path / "whole", files([*WORDINGS, lamp], table), "lamp on now")
    bare = answer(tmp_path / "bare", alone(lamp, table=[table]), "lamp on now")

    assert (whole, bare) == ((Layer.TABLE, reason), (Layer.TABLE, reason))


def test_what_helped_a_customer_themselves_is_theirs(tmp_path: Path):
    """Their history says that other words did help them."""
    history = [Tried("turn on the lite", "", "", Way.REPHRASED, "turn on the light", "turn on the light", LIGHT, 3, 3, BASE.date(), "t1")]
    personal = PersonalLayer(lambda _customer, _since: history, lambda: 1)

    found = answer(tmp_path, files(known(DOWN, "turn on the lite")), "turn on the lite", personal=personal)

    assert found == (Layer.PERSONAL, Reason.REWRITTEN)


@pytest.mark.parametrize("broken", [replace(DOWN, customers=9), replace(DOWN, result=0.9), replace(DOWN, correct=-0.1)])
def test_shares_of_too_few_or_of_nothing_are_refused(tmp_path: Path, broken: Failing):
    """A generation keeps its floor, or is not served."""
    shelf = Shelf(tmp_path)
    with pytest.raises(BrokenArtifact, match="must tell why it failed by shares of enough customers"):
        wordings_known(shelf.write(files(known(broken))))
