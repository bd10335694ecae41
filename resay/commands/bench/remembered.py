"""What earlier calls teach rows (e) to (h): what texts stand for, how to say a meaning, and what callers were believed to mean.

Beliefs come from people on train calls, or from the log alone (`beliefs`): counts are of chances, so that a half-believed turn counts half.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resay.commands.bench.asked import PastTurn, TurnKey
from rewrite_online.evaluate import Acts

Belief = Mapping[Acts, float]
"""How likely the caller meant what, as far as anything is believed; sums to at most one."""

Beliefs = Mapping[TurnKey, Belief]

HABITS_MAX = 12
"""Meanings that are proposed because they are common after a kind of prompt; the twelfth is wanted in one turn of a hundred."""

_DONTCARE = "dontcare"


@dataclass(frozen=True, slots=True)
class Target:
    """A text that stands for a meaning after a kind of prompt."""

    text: str
    certainty: float
    """How reliably it is read so."""
    times: int


class Remembered:
    """What one set of earlier turns teaches."""

    def __init__(self, turns: Sequence[PastTurn], beliefs: Beliefs) -> None:
        self.callers: dict[str, set[str]] = defaultdict(set)
        """Who said a text."""
        self.last_day: dict[str, int] = {}
        self._read_here: dict[tuple[str, str], Counter[Acts]] = defaultdict(Counter)
        self._read: dict[str, Counter[Acts]] = defaultdict(Counter)
        self._texts: dict[Acts, Counter[str]] = defaultdict(Counter)
        self.read_after: dict[str, Counter[Acts]] = defaultdict(Counter)
        self._targets: dict[tuple[Acts, str], Target | None] = {}
        for each in turns:
            self._add(each)
        self.believed = Believed(turns, beliefs)
        informed = {act for acts in self._texts for act in acts if act.startswith("inform(") and value_of(act) not in {"", _DONTCARE}}
        self.values = tuple((act, value_of(act)) for act in sorted(informed))
        """Everything that can be informed, with its value."""

    def meaning(self, text: str, *, kind: str) -> Acts | None:
        """What the scorer will hold a text to mean: as `rewrite_online.evaluate.Meanings`."""
        counts = self._read_here.get((text, kind)) or self._read.get(text)
        return min(counts, key=lambda acts: (-counts[acts], sorted(acts))) if counts else None

    def times(self, text: str, *, kind: str | None = None) -> int:
        """How often a text was heard, after a kind of prompt or at all."""
        counts = self._read.get(text) if kind is None else self._read_here.get((text, kind))
        return counts.total() if counts else 0

    def target(self, acts: Acts, *, kind: str) -> Target | None:
        """The text that most reliably stands for a meaning after a kind of prompt, or nothing where none does."""
        key = acts, kind
        if key not in self._targets:
            found = [
                self._as_target(text, acts, kind) for text in self._texts.get(acts, ()) if text and self.meaning(text, kind=kind) == acts
            ]
            self._targets[key] = max(found, key=lambda each: (each.certainty, each.times, each.text), default=None)
        return self._targets[key]

    def _as_target(self, text: str, acts: Acts, kind: str) -> Target:
        here = self._read_here.get((text, kind))
        counts = here or self._read[text]
        # A text that was heard after this very kind is worth half a turn more: what it means elsewhere may not hold here.
        return Target(text, (counts[acts] + (0.5 if here else 0.0)) / (counts.total() + 1.0), self._texts[acts][text])

    def _add(self, turn: PastTurn) -> None:
        text, kind, acts = turn.asked.text, turn.asked.kind, turn.understood
        self._read_here[text, kind][acts] += 1
        self._read[text][acts] += 1
        self._texts[acts][text] += 1
        self.read_after[kind][acts] += 1
        self.callers[text].add(turn.caller)
        self.last_day[text] = max(self.last_day.get(text, 0), int(turn.asked.request.heard.at.timestamp() // 86_400))


class Believed:
    """What callers were believed to mean, by text, kind of prompt and reading."""

    def __init__(self, turns: Iterable[PastTurn], beliefs: Beliefs) -> None:
        self.by_text: dict[str, Counter[Acts]] = defaultdict(Counter)
        self.by_text_here: dict[tuple[str, str], Counter[Acts]] = defaultdict(Counter)
        self.after: dict[str, Counter[Acts]] = defaultdict(Counter)
        self.forms_after: dict[str, Counter[str]] = defaultdict(Counter)
        self.forms: Counter[str] = Counter()
        self.all: Counter[Acts] = Counter()
        self._right: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for turn in turns:
            self._add(turn, beliefs.get(turn.key, {}))
        self.habits = {kind: tuple(acts for acts, _ in counts.most_common(HABITS_MAX)) for kind, counts in self.after.items()}
        self.turns = max(total(self.all), 1.0)

    def right(self, *key: object, usual: float = 0.75, weight: float = 2.0) -> tuple[float, float]:
        """How often what was read was right (shrunk to what is usual), and over how many turns."""
        right, turns = self._right.get(key, (0.0, 0.0))
        return (right + usual * weight) / (turns + weight), turns

    def _add(self, turn: PastTurn, belief: Belief) -> None:
        text, kind, top = turn.asked.text, turn.asked.kind, turn.understood
        for acts, chance in belief.items():
            for counts in (self.by_text[text], self.by_text_here[text, kind], self.after[kind], self.all):
                counts[acts] += chance  # type: ignore[assignment]
            form = form_of(acts)
            self.forms_after[kind][form] += chance  # type: ignore[assignment]
            self.forms[form] += chance  # type: ignore[assignment]
        for key in (("text", text, kind), ("text", text), ("top", top, kind), ("top", top)):
            self._right[key][0] += belief.get(top, 0.0)
            self._right[key][1] += 1.0


def total(counts: Counter[Acts] | Counter[str]) -> float:
    """The sum of all counts, which may be of chances."""
    return float(sum(counts.values()))


def form_of(acts: Acts) -> str:
    """Acts without their values: `inform(food+request(phone)`."""
    return "+".join(sorted({act.partition("=")[0] for act in acts})) or "nothing"


def value_of(act: str) -> str:
    """The value that an act names, or nothing."""
    return act.partition("=")[2].rstrip(")")
