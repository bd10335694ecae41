"""The customer who is asked: what they want, what they answer, and whether they say again what was missed.

Knows what they said and what was missed of it, as somebody who listens does.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from resay.lab.linked.acts import details_of
from resay.lab.linked.asking_assistant import ANY, Said
from resay.lab.linked.asking_lines import Line, Lines
from resay.lab.linked.asking_manner import AFTER_MISSED, LAGS, SAME_WORDS, SHORTER, AskingManner, Move
from resay.lab.linked.asking_service import Service
from resay.lab.linked.part import Part

WANTED = 0.75
"""Share of the slots in which some value is wanted. Made up."""

TWO_AT_ONCE = 0.5
"""Share of first requests that name two values. DSTC2 train: .52 of those that name any."""

HELLO = 0.08
"""Share of first words that ask for nothing. DSTC2 train: .15, noise among them."""

OTHER_VALUE, OTHER_SLOT, ANY_VALUE, STILL = 0.63, 0.15, 0.1, 0.06
"""What is said after a refusal that was understood: another value, another slot, any, the same. DSTC2 train: 462, 125, –, 48 of 751,
and 50 of the same with something else."""


@dataclass(slots=True)
class _Pending:
    """Something missed that is to be said again."""

    line: Line
    acts: list[str]
    wait: int


class AskingCustomer:
    """The customer in one session."""

    def __init__(self, service: Service, manner: AskingManner, part: Part, *, lines: Lines, rng: Random) -> None:
        """With something in mind."""
        self._service, self._manner, self._part, self._lines, self._rng = service, manner, part, lines, rng
        self._goal = {slot: rng.choice(list(values)) for slot, values in service.slots.items() if rng.random() < WANTED}
        self._goal = self._goal or {next(iter(service.slots)): rng.choice(list(next(iter(service.slots.values()))))}
        self._details = rng.sample(service.details, rng.randint(1, min(6, len(service.details))))
        self._alternatives = rng.randint(1, 2) if rng.random() < 0.3 else 0
        self._further = 1 if rng.random() < 0.35 else 0
        self._pending: list[_Pending] = []
        self._passed: set[str] = set()
        self._last: Line | None = None
        self._turns = 0

    def speak(self, asked: Said) -> Line:
        """What they say to that."""
        self._turns += 1
        line = self._again(asked) or self._insist(asked) or self._reply(asked)
        for pending in self._pending:
            pending.wait -= 1
            pending.acts = [act for act in pending.acts if act not in line.acts]
        self._pending = [each for each in self._pending if each.acts]
        self._last = line
        return line

    def learn(self, missed: frozenset[str], *, asked: Said, told: Said, recovered: bool) -> None:
        """Notice what was missed of the last words, and mean to say it again, or let it pass."""
        line = self._last
        assert line is not None, "customers learn of what they said"
        if not missed:
            self._forget(line)
            return
        acts = sorted(act for act in missed if not act.endswith("()") or act == "reqalts()")
        move = Move.AGAIN if told == asked else told.move
        chance = 0.18 if recovered else AFTER_MISSED[move] * self._manner.says_again
        self._last = None
        if acts and self._rng.random() < chance:
            self._pending.append(_Pending(line, acts, self._rng.choices(range(len(LAGS)), LAGS)[0]))
        else:
            self._passed |= set(acts)

    def _forget(self, line: Line) -> None:
        """What was understood needs no second try."""
        self._details = [each for each in self._details if each not in details_of(line.acts)]
        self._pending = [each for each in self._pending if not set(each.acts) & line.acts]

    def _again(self, asked: Said) -> Line | None:
        """A second try that is due."""
        due = next((each for each in self._pending if each.wait <= 0), None)
        if due is None:
            return None
        draw = self._rng.random()
        if draw < SAME_WORDS:
            line = Line(due.line.stretches, due.line.acts)
        elif draw < SAME_WORDS + SHORTER:
            line = self._lines.shorter(due.acts)
        else:
            line = self._lines.of(due.acts)
        wrong = asked.value if asked.value and asked.value not in line.text else ""
        return self._lines.repaired(line, self._part, wrong=wrong) if self._rng.random() < self._manner.repairs else line

    def _insist(self, asked: Said) -> Line | None:
        """The same again, though it was understood."""
        if self._last is None or not self._last.acts or asked.about in {Move.CONFIRM, Move.END} or "bye()" in self._last.acts:
            return None
        if self._rng.random() >= (max(STILL, self._manner.insists) if asked.about is Move.REFUSE else self._manner.insists):
            return None
        return Line(self._last.stretches, self._last.acts) if self._rng.random() < SAME_WORDS else self._lines.of(sorted(self._last.acts))

    def _reply(self, asked: Said) -> Line:
        if self._turns > self._manner.patience or self._rng.random() < self._manner.idle:
            return self._lines.plain("bye()") if self._turns > self._manner.patience else self._lines.idle()
        match asked.about:
            case Move.GREET:
                return self._open()
            case Move.ASK:
                return self._inform(asked.slot)
            case Move.CONFIRM:
                return self._confirm(asked)
            case Move.REFUSE:
                return self._change(asked)
            case _:
                return self._follow_up()

    def _open(self) -> Line:
        if self._rng.random() < HELLO:
            return self._lines.plain("hello()")
        acts = [f"inform({slot}={value})" for slot, value in self._goal.items()]
        acts = [act for act in acts if act not in self._passed] or acts
        number = 2 if self._rng.random() < TWO_AT_ONCE else 1
        return self._lines.opening(self._rng.sample(acts, min(number, len(acts))))

    def _inform(self, slot: str) -> Line:
        """An answer to a question; not with what was let pass."""
        value = self._goal.get(slot, ANY)
        if f"inform({slot}={value})" in self._passed:
            value = self._other(slot) if value == ANY or self._rng.random() < 0.6 else ANY
            self._goal[slot] = value
        acts = [f"inform({slot}={value})"]
        more = [f"inform({name}={wanted})" for name, wanted in self._goal.items() if name != slot and wanted != ANY]
        draw = self._rng.random()
        if more and draw < 0.08:
            other = self._rng.choice(more)
            return self._lines.of([other] if draw < 0.05 else [*acts, other])
        return self._lines.of(acts)

    def _confirm(self, asked: Said) -> Line:
        """Yes, or no, or no and the right value."""
        value = self._goal.get(asked.slot, ANY)
        if asked.value == value:
            return self._lines.plain("affirm()") if self._rng.random() < 0.93 else self._lines.of([f"inform({asked.slot}={value})"])
        draw, act = self._rng.random(), f"inform({asked.slot}={value})"
        if draw < 0.5 or value == ANY or act in self._passed:
            return self._lines.plain("negate()")
        return self._lines.denial(act, asked.value) if draw < 0.75 else self._lines.of([act])

    def _change(self, asked: Said) -> Line:
        """What else would do, after there was nothing for a value."""
        draw = self._rng.random()
        if draw < OTHER_VALUE:
            self._goal[asked.slot] = self._other(asked.slot)
            return self._lines.change([f"inform({asked.slot}={self._goal[asked.slot]})"])
        others = [slot for slot in self._service.slots if slot != asked.slot]
        if others and draw < OTHER_VALUE + OTHER_SLOT:
            slot = self._rng.choice(others)
            self._goal[slot] = self._other(slot)
            return self._lines.change([f"inform({slot}={self._goal[slot]})"])
        if draw < OTHER_VALUE + OTHER_SLOT + ANY_VALUE:
            self._goal[asked.slot] = ANY
            return self._lines.of([f"inform({asked.slot}={ANY})"])
        return self._lines.idle() if draw < 0.94 else self._lines.of(["reqalts()"])

    def _follow_up(self) -> Line:
        """Something was found, or told."""
        details = [each for each in self._details if f"request({each})" not in self._passed]
        if self._further and self._rng.random() < 0.3:
            self._further -= 1
            slot = self._rng.choice(list(self._service.slots))
            self._goal[slot] = self._other(slot)
            return self._lines.of([f"inform({slot}={self._goal[slot]})"])
        if self._alternatives and self._rng.random() < 0.3:
            self._alternatives -= 1
            return self._lines.of(["reqalts()"])
        if details:
            asked = [f"request({each})" for each in details[: 2 if self._rng.random() < 0.12 else 1]]
            return self._lines.of(asked)
        return self._lines.plain("bye()")

    def _other(self, slot: str) -> str:
        """A value that is not the one in mind."""
        return self._rng.choice([each for each in self._service.slots[slot] if each != self._goal.get(slot)])
