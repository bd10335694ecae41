"""Made-up phone calls in the form of DSTC2; nothing in them is from the corpus."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from resay.dialogue.turn import Hypothesis
from resay.label.corpora.dstc2 import Call, CallTruth, LiveCall, LiveTurn, Reading, TurnTruth

CORPUS = Path(__file__).parent.parent.parent / "shared" / "data" / "dstc2"
"""A person's own copy, beside the checkout; tests that read it skip where it is absent."""


def heard(
    text: str = "cheap food",
    *acts: str,
    truth: Sequence[str] | None = None,
    asked: Sequence[str] = ("request(food)",),
    **others: Any,
) -> tuple[LiveTurn, TurnTruth]:
    """A turn in which the NLU read `text` as `acts`, and people as `truth`; as `acts` too where no truth is named."""
    content: dict[str, Any] = {
        "index": 0,
        "prompt": "And what would you like?",
        "barge_in": False,
        "prompt_s": (0.0, 2.0),
        "said_s": (2.0, 3.0),
        "hypotheses": (Hypothesis(text, -0.5),),
        "readings": (Reading(tuple(acts), 0.9),),
    }
    live = LiveTurn(prompt_acts=tuple(asked), **(content | others))
    right = tuple(acts if truth is None else truth)
    return live, TurnTruth(transcript=text, acts=right, failure_point="correct", system_recovered=None, rephrased_after=None)


def call(*turns: tuple[LiveTurn, TurnTruth], caller: str = "anna", minute: int = 0, call_id: str | None = None) -> Call:
    """A call that began so many minutes after the first one; each of its turns takes ten seconds."""
    numbered = tuple(_at(turn, index) for index, (turn, _) in enumerate(turns))
    live = LiveCall(
        call_id=call_id or f"{caller}-{minute}",
        caller=caller,
        started=datetime.fromtimestamp(1_363_000_000 + 60 * minute, UTC),
        dialogue_manager=0,
        acoustic_condition=1,
        turns=numbered,
    )
    return Call(live, CallTruth(success=True, turns=tuple(truth for _, truth in turns)))


def record(call: Call, *, scrambled: int | None = None) -> dict[str, Any]:
    """A call as its line in the file; `scrambled` is a seed with which all that people wrote down is replaced by nonsense."""
    live = call.live
    turns = [_turn_record(turn, truth) for turn, truth in zip(live.turns, call.truth.turns, strict=True)]
    line = {
        "id": live.call_id,
        "user": live.caller,
        "start": live.started.replace(tzinfo=None).isoformat(),
        "system": {"dialog-manager": live.dialogue_manager, "acoustic-condition": live.acoustic_condition},
        "feedback": {"success": call.truth.success},
        "turns": turns,
    }
    return line if scrambled is None else scramble(line, random.Random(scrambled))


def scramble(line: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same call with other truth: transcripts, meanings, goals, judgements."""
    nonsense = {
        "transcript": "".join(rng.choices("abc ", k=8)),
        "semantics": rng.choice([["inform(food=nonsense)"], [], ["affirm()"]]),
        "goal": {"food": "nonsense"},
        "method": "nonsense",
        "requested": ["nonsense"],
        "derived": {"failure_point": "nonsense"},
    }
    turns = [{**turn, **{name: nonsense[name] for name in nonsense if name in turn}} for turn in line["turns"]]
    return {**line, "task": {"text": "nonsense"}, "feedback": {"success": False}, "turns": turns}


def write(folder: Path, **splits: Sequence[dict[str, Any]]) -> Path:
    """A folder that holds these records, one file a split."""
    folder.mkdir(exist_ok=True)
    for split, records in splits.items():
        with gzip.open(folder / f"{split}.jsonl.gz", "wt", encoding="utf-8") as lines:
            lines.writelines(json.dumps(each) + "\n" for each in records)
    return folder


def _at(turn: LiveTurn, index: int) -> LiveTurn:
    content = {name: getattr(turn, name) for name in turn.__slots__}
    start = 10.0 * index
    return LiveTurn(**(content | {"index": index, "prompt_s": (start, start + 2), "said_s": (start + 2, start + 3)}))


def _turn_record(turn: LiveTurn, truth: TurnTruth) -> dict[str, Any]:
    return {
        "i": turn.index,
        "sys": turn.prompt,
        "sys_acts": list(turn.prompt_acts),
        "sys_t": list(turn.prompt_s),
        "barge_in": turn.barge_in,
        "user_t": list(turn.said_s),
        "asr": [[each.text, each.score] for each in turn.hypotheses],
        "nlu": [[list(each.acts), each.probability] for each in turn.readings],
        "transcript": truth.transcript,
        "semantics": list(truth.acts),
        "goal": {},
        "method": "none",
        "requested": [],
        "derived": {"failure_point": truth.failure_point},
    }
