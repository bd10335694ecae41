"""Rows (b) and (c) of replay: the product's own path from calls to an exact table, through a lake of its own that is thrown away.

Land, `resay learn`, serve: what happens to anybody's log. No label of the corpus is read here; the constants of
the default detector and of the labels by rules have seen those of train callers (docs/log.md, 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.landing import land_records
from rephrase.detector import Detector
from resay.commands.learn import learn
from resay.commands.learning import LearnRules
from resay.commands.settings import read_settings
from resay.dialogue.codec import encode
from resay.dialogue.rewrite import Action, BeforeRequest, RetryRequest, Rewrite, RewriteRequest
from resay.dialogue.turn import TurnPart
from resay.label.corpora.dstc2 import LiveCall
from resay.label.corpora.dstc2_turn import turn_parts
from resay.store.lake import Lake
from rewrite_online.evaluate import PASS_THROUGH, Answer, Rewriting
from rewrite_online.hold_out import NO_HOLD_OUT
from rewrite_online.rewriter import Live, Rewriter
from rewrite_online.table_layer import TableLayer

BUDGET_S = 10.0
"""A bench on a busy machine must not score lateness as abstention; lateness has a bench of its own."""


def learn_tables(
    calls: Iterable[LiveCall], floors: Sequence[int], *, with_prompt: bool, now: datetime, detector: Detector
) -> dict[int, list[Rewrite]]:
    """The tables that the product would publish for these calls, by floor of customers; the product's own floor is 10.

    Without prompts they are taken out of the log, so that the table knows the text alone.
    """
    parts = (part if with_prompt else _without_prompt(part) for call in calls for part in turn_parts(call))
    with TemporaryDirectory(prefix="resay-bench-") as folder:
        settings = read_settings({}, home=Path(folder))
        land_records([encode(part) for part in parts], source="dstc2", lake=Lake(settings.lake), now=now)
        rules = LearnRules(dry_run=True)
        return {floor: list(learn(settings, replace(rules, k=floor), detector=detector).rewrites) for floor in floors}


def serve_table(rewrites: Sequence[Rewrite], *, with_prompt: bool) -> Rewriting:
    """The product's rewriter over a table, asked as `/v1/rewrite` is asked, with nothing held out."""
    live = Live(generation=1, layers=(TableLayer(rewrites),))
    rewriter = Rewriter(lambda: live, hold_out=NO_HOLD_OUT)

    def answer(request: RewriteRequest) -> Answer:
        asked = request if with_prompt else _asked_without_prompt(request)
        told = rewriter.rewrite(asked, now=asked.heard.at, budget_s=BUDGET_S)
        if told.action is not Action.REWRITE:
            return PASS_THROUGH
        return Answer(target=told.utterance, layer=told.layer or "", score=told.score)

    return answer


def _without_prompt(part: TurnPart) -> TurnPart:
    return replace(part, turn=replace(part.turn, prompt=None), fields=part.fields - {"prompt"})


def _asked_without_prompt(request: RewriteRequest) -> RewriteRequest:
    heard = replace(request.heard, prompt=None)
    return BeforeRequest(heard) if isinstance(request, BeforeRequest) else RetryRequest(heard, request.interpretations, request.status)
