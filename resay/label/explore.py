"""Exploration: which few turns to ask about, "did that do what you wanted?", so that answers tell most of all labels.

Asked is where a labeller is least sure and most is said: uncertainty times traffic. Never more than a share of turns, never twice in a
session, never about what is risky. Knows no clock and no transport; who asks, and how, is the assistant's affair.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SHARE_MAX = 0.01
"""Of turns that are asked about: more would annoy more customers than rewrites spare (DESIGN 4: a small, capped share)."""

SESSIONS_KEPT_MAX = 100_000
"""Sessions that are remembered as asked: those of some days; a session ends within minutes."""

TURNS_BEFORE = 100
"""Turns that pass before the first question: a share of fewer is less than one."""

CHOSEN_OF = 5
"""Wordings that are asked about on live traffic are together said so many times as often as may be asked: who is asked is then drawn, one
turn in five of theirs at most, and no wording has all of the questions."""

DOUBT_MIN = 0.2
"""Mean uncertainty from which a wording is asked about. Of what labels are nine times in ten sure of an answer tells little, and as it is
said most it would take nearly all of the questions."""

QUESTION = "Did that do what you wanted?"
"""What is put to the customer."""

PRIOR_ANSWERS = 4.0
"""How many answers a labeller's own chance is worth: as many as it takes to doubt it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn that could be asked about."""

    wording: str
    """What was said, in canonical form, and what it was taken to mean: answers about it hold for all who say it so."""
    session_id: str
    defect: float
    """The labeller's chance that it failed."""
    is_risky: bool = False
    """Whether it acts on what must not be tried out: doors, alarms, payments."""


@dataclass(frozen=True, slots=True)
class Doubted:
    """A wording, as the log has it."""

    said: str
    """Canonical text."""
    times: int
    """How often it was said."""
    worth: float
    """What answers about it would tell: uncertainty, summed over all who said it."""


def chosen(doubted: Iterable[Doubted], *, turns: int, share: float, asked: Mapping[str, int]) -> dict[str, float]:
    """The chance with which a turn of each wording is asked about on live traffic, so that all together keep to the share.

    Those that are worth most; the more often one was `asked` about, the less another answer tells.
    """
    assert 0.0 <= share <= SHARE_MAX, "no more than the share is asked about"
    wanted = CHOSEN_OF * share * turns
    kept: dict[str, int] = {}
    for each in sorted(doubted, key=lambda each: (-each.worth / (1 + asked.get(each.said, 0)), each.said)):
        if sum(kept.values()) >= wanted:
            break
        if each.worth >= DOUBT_MIN * each.times:
            kept[each.said] = each.times
    times = sum(kept.values())
    return dict.fromkeys(kept, min(1 / CHOSEN_OF, share * turns / times)) if times else {}


def uncertainty(chance: float) -> float:
    """1 where nothing is known, 0 where all is."""
    return 1.0 - abs(2.0 * min(1.0, max(0.0, chance)) - 1.0)


def worth_asking(turns: Iterable[Asked]) -> dict[str, float]:
    """What an answer about each wording would be worth: how unsure its labels are, over all who say it; risky ones are left out."""
    worth: dict[str, float] = defaultdict(float)
    risky = set()
    for turn in turns:
        worth[turn.wording] += uncertainty(turn.defect)
        if turn.is_risky:
            risky.add(turn.wording)
    return {wording: value for wording, value in worth.items() if wording not in risky and value > 0.0}


@dataclass(slots=True)
class Explorer:
    """Decides turn by turn; keeps the share whatever comes."""

    worth: Mapping[str, float]
    """By wording, from the log so far (`worth_asking`)."""
    share: float = SHARE_MAX
    seen: int = 0
    asked: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    """How often each wording was asked about: the next answer about it tells less."""
    _sessions: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _least: float = 0.0

    def __post_init__(self) -> None:
        # The least worth that is asked about: the wordings above it are together said a few times as often as may be asked.
        ordered = sorted(self.worth.values(), reverse=True)
        self._least = ordered[min(len(ordered) - 1, max(0, round(len(ordered) * 5 * self.share)))] if ordered else 0.0

    def asks(self, turn: Asked) -> bool:
        """Whether this turn is asked about; that counts as asked."""
        self.seen += 1
        worth = self.worth.get(turn.wording, 0.0) / (1.0 + self.answered[turn.wording])
        allowed = self.seen >= TURNS_BEFORE and self.asked + 1 <= self.share * self.seen
        if turn.is_risky or not allowed or turn.session_id in self._sessions or worth <= 0.0 or worth < self._least:
            return False
        self.asked += 1
        self.answered[turn.wording] += 1
        self._sessions[turn.session_id] = None
        while len(self._sessions) > SESSIONS_KEPT_MAX:
            self._sessions.popitem(last=False)
        return True


def answered_chance(chance: float, *, failed: int, answers: int) -> float:
    """A labeller's chance of a defect once customers have answered about the wording: the more answers, the more they count."""
    return (chance * PRIOR_ANSWERS + failed) / (PRIOR_ANSWERS + answers)
