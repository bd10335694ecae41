"""Answers of replay rows that were scored before, a file a row: a row takes minutes to learn, and none to be scored again.

Knows the form of the files (that of `--decisions`, behind a line that says what was asked); knows nothing of how answers are found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError
from resay.dialogue.rewrite import RewriteRequest
from rewrite_online.evaluate import PASS_THROUGH, Answer, Rewriting, TurnResult


class WrongAnswers(ResayError):
    """Answers that are kept are not those that are asked for, or cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What answers are answers to; others are refused."""

    row: str
    split: str
    detector: str
    calls: int
    """Train calls that were learnt from."""
    scored: int
    """Calls that were answered, of the split."""


class KeptAnswers:
    """A folder of answers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, asked: Asked) -> Rewriting | None:
        """What gives a row's answers again; nothing where the row has not been scored.

        Raises: WrongAnswers.
        """
        path = self._path(asked)
        if not path.exists():
            return None
        try:
            told, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
            answers = {(line["call"], line["turn"]): _answer(line) for line in lines}
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"file {path} must hold a row's answers; {error!r}; was it cut off or edited? Delete it to learn the row again."
            raise WrongAnswers(message) from error
        if told != asdict(asked):
            message = f"file {path} must hold answers to {asdict(asked)}; it holds those to {told}; is it the folder of another replay?"
            raise WrongAnswers(message)
        return lambda request: answers.get(_turn_of(request), PASS_THROUGH)

    def keep(self, asked: Asked, results: Iterable[TurnResult]) -> None:
        """Keep a row's answers, all of them or none.

        Raises: WrongAnswers.
        """
        path = self._path(asked)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".unfinished")
            with unfinished.open("w", encoding="utf-8") as file:
                file.write(json.dumps(asdict(asked)) + "\n")
                file.writelines(decision_lines(results))
            unfinished.replace(path)
        except OSError as error:
            message = f"folder {self._folder} must be writable; {error}; is it yours?"
            raise WrongAnswers(message) from error

    def _path(self, asked: Asked) -> Path:
        return self._folder / f"{asked.split}.{asked.row.replace('/', '-')}.jsonl"


def decision_lines(results: Iterable[TurnResult]) -> Iterable[str]:
    """Answers as others can score them, a turn a line: {call, turn, target|null, acts|null, layer, score}."""
    for result in results:
        answer = result.answer
        acts = None if answer.acts is None else list(answer.acts)
        line = {"call": result.call_id, "turn": result.index, "target": answer.target, "acts": acts}
        yield json.dumps(line | {"layer": answer.layer or None, "score": answer.score}, ensure_ascii=False) + "\n"


def _answer(line: Mapping[str, Any]) -> Answer:
    acts = None if line["acts"] is None else tuple(line["acts"])
    return Answer(target=line["target"], acts=acts, layer=line["layer"] or "", score=line["score"])


def _turn_of(request: RewriteRequest) -> tuple[str, int]:
    call, _, turn = request.heard.turn_id.rpartition("/")
    return call, int(turn)
