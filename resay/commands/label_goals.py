"""Labels of a file's dialogues as JSON: which goal a turn is of, whether it was reached, whether the turn failed; by model or rules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from itertools import tee
from pathlib import Path
from typing import Annotated

import typer

from rephrase.detect import checked
from rephrase.detector import Detector
from resay.commands.detectors import MODELS
from resay.dialogue.label import GoalOutcome, RephraseLink
from resay.dialogue.session import SESSION_GAP, Session, sessionize
from resay.label.corrections import Correction, corrections
from resay.label.doubt import score_floors
from resay.label.goal_features import Encode
from resay.label.goal_model import CARD_FILE, GoalJudgement, GoalModel
from resay.label.job import Labels, labels_of
from resay.store.lake import Lake
from resay.store.turns import read_turns
from resay.training.encoder import ENCODER_FILE, TextEncoder

GOALS = MODELS / "goals"
"""The model that ships."""

ENCODER = MODELS / "minilm"

RULES_SHARE = 1 / 3
"""What rules count for beside the model. Chosen among 0, ⅕, ⅓, ⅖ and ½ on DSTC2's train calls and the choosing homes."""

CHANCE_MIN = 0.005
"""Nobody is surer than this when chances are pooled."""

NAMED_GAP = timedelta(days=1)
"""Where an assistant names all its sessions its word holds, and silences in them are long: people answer a text when they like."""


class Labeller(StrEnum):
    """Who labels."""

    MODEL = "model"
    RULES = "rules"


LabellerOption = Annotated[
    Labeller | None,
    typer.Option("--labeller", help="model: trained on what may ship; rules: the baseline.", show_default="model with --input; rules"),
]
GoalsOption = Annotated[
    Path | None, typer.Option("--goals", metavar="DIR", help="A folder of `resay train goals` [default: models/goals, where it is].")
]


def usual_labeller(folder: Path | None) -> Labeller:
    """What labels a file where nothing is named: the model, or rules where it is not on the machine."""
    there = ((folder or GOALS) / CARD_FILE).is_file() and (ENCODER / ENCODER_FILE).is_file()
    return Labeller.MODEL if there else Labeller.RULES


def goal_model(folder: Path | None, encode: Encode | None = None) -> GoalModel:
    """The model of a folder, or the one that ships, over the encoder that ships.

    Raises: WrongGoalModel, WrongModel, WrongVocabulary.
    """
    return GoalModel(folder or GOALS, encode or TextEncoder(ENCODER))


def label_lines(lake: Lake, detector: Detector, model: GoalModel | None) -> Iterator[dict[str, object]]:
    """One object a turn: by the model where there is one, else by rules; outcome and friction are the rules' in either case."""
    floors = score_floors(read_turns(lake))
    for session in named_sessions(lake):
        links: dict[str, list[RephraseLink]] = {}
        for link in checked(session, detector.links(session)):
            links.setdefault(link.source_turn_id, []).append(link)
        labels = labels_of(session, links, floors=floors)
        judged = judged_by_rules(labels)
        if model is not None:
            judged = together(session, model.judge(session.turns), rules=judged)
        corrected = {each.turn_id: each for each in corrections(session.turns, judged)}
        begun: set[int] = set()
        for each, outcome in zip(judged, labels.outcomes, strict=True):
            yield {
                "turn_id": each.turn_id,
                "goal": each.goal,
                "begins": each.goal not in begun,
                "success": round(each.success, 4),
                "defect": round(each.defect, 4),
                "outcome": outcome.outcome.value,
                "friction": [sign.sign.value for sign in labels.friction if sign.turn_id == each.turn_id],
                **_corrected(corrected.get(each.turn_id)),
            }
            begun.add(each.goal)


def _corrected(correction: Correction | None) -> dict[str, object]:
    """What a failed turn of a reached goal should have been taken to mean; nothing where that is not known."""
    if correction is None:
        return {}
    meant = correction.meant
    return {
        "meant": {
            "domain": meant.domain,
            "intent": meant.intent,
            "slots": dict(meant.slots),
            "intent_changed": correction.intent_changed,
            "slots_changed": list(correction.slots_changed),
            "by": correction.reached_by,
            "chance": round(correction.chance, 4),
        }
    }


def together(session: Session, judged: Sequence[GoalJudgement], *, rules: Sequence[GoalJudgement]) -> list[GoalJudgement]:
    """Goals as the model cuts them; success and defects by both, as each sees what the other does not.

    Where the customer told outright whether it was right, that stands. Pooled they told defects better than either, on homes and on calls
    of a kind that the model never met (docs/log.md, 2026-11-22).
    """
    return [
        replace(each, success=rule.success, defect=rule.defect)
        if turn.feedback is not None and turn.feedback.explicit is not None
        else replace(
            each,
            success=pooled(each.success, rule.success, share=RULES_SHARE),
            defect=pooled(each.defect, rule.defect, share=RULES_SHARE),
        )
        for turn, each, rule in zip(session.turns, judged, rules, strict=True)
    ]


def pooled(one: float, other: float, *, share: float) -> float:
    """Two chances as one: the mean of their log odds, of which the other has this share."""
    odds = [math.log(held / (1.0 - held)) for held in (min(max(each, CHANCE_MIN), 1.0 - CHANCE_MIN) for each in (one, other))]
    return 1.0 / (1.0 + math.exp(-(1.0 - share) * odds[0] - share * odds[1]))


def judged_by_rules(labels: Labels) -> list[GoalJudgement]:
    """What rules say of each turn of a session, as a model would say it: what did not fail has reached its goal, unless it was censored."""
    goals = {turn_id: number for number, segment in enumerate(labels.segments) for turn_id in segment.turn_ids}
    first = {segment.turn_ids[0] for segment in labels.segments}
    judged = []
    for each in labels.outcomes:
        reached = (1.0 - each.defect) * (0.5 if each.outcome is GoalOutcome.CENSORED else 1.0)
        judged.append(GoalJudgement(each.turn_id, goals[each.turn_id], float(each.turn_id in first), reached, each.defect, reached))
    return judged


def named_sessions(lake: Lake) -> Iterable[Session]:
    """A file's sessions: as its assistant names them where it names all, else by silences."""
    turns, looked_at = tee(read_turns(lake))
    named = all(turn.session_id is not None for turn in looked_at)
    return sessionize(turns, gap=NAMED_GAP if named else SESSION_GAP)
