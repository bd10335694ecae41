"""Lines of customers who are asked: acts put into words, each stretch with the act that hangs on it. Knows words; nothing of talk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from resay.lab.linked.acts import details_of, informed
from resay.lab.linked.asking_answers import (
    ALTERNATIVES,
    ANSWERS,
    CHANGES,
    DENIED,
    DETAIL,
    HELLOS,
    INDIFFERENT,
    NO,
    NOISE,
    OPENINGS,
    PHRASES,
    THANKS,
    TWO_DETAILS,
    YES,
)
from resay.lab.linked.asking_assistant import ANY
from resay.lab.linked.asking_service import Service, Wordings
from resay.lab.linked.part import Part
from resay.lab.linked.repair_forms import draw_form

ALONE = 0.5
"""Share of values, and of answers, that nothing stands around. DSTC2 train: half of the answers to a question have one word or two."""

Stretch = tuple[str, str]
"""Words, and the act that is lost with them; none for those around."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a customer says."""

    stretches: tuple[Stretch, ...]
    acts: frozenset[str] = frozenset()
    before: str = ""
    after: str = ""
    repair: bool = False

    @property
    def text(self) -> str:
        """What is said of the acts."""
        return " ".join(text for text, _ in self.stretches if text)


class Lines:
    """How one customer puts things."""

    def __init__(self, service: Service, words: Wordings, rng: Random) -> None:
        """Speak of one service, with few wordings."""
        self._service, self._words, self._rng = service, words, rng

    def idle(self) -> Line:
        """Nothing that was meant for the assistant."""
        return Line(((self._rng.choice(NOISE), ""),))

    def plain(self, act: str) -> Line:
        """One of the words that everybody has: hello, yes, no, goodbye."""
        of = {"hello()": HELLOS, "affirm()": YES, "negate()": NO, "bye()": THANKS}[act]
        return Line(((self._rng.choice(of), act),), frozenset({act}))

    def opening(self, acts: Sequence[str]) -> Line:
        """A first request."""
        return self._around(self._words.draw(OPENINGS), acts)

    def change(self, acts: Sequence[str]) -> Line:
        """Another value, after there was nothing for the first."""
        return self._around(self._words.draw(CHANGES), acts)

    def denial(self, act: str, wrong: str) -> Line:
        """A no to a wrong value, and the right one; it says so."""
        before, _, after = self._words.draw(DENIED).format(phrase="\0", wrong=wrong).partition("\0")
        return Line(((informed([act]).popitem()[1], act),), frozenset({act, "negate()"}), before.strip(), after.strip(), repair=True)

    def of(self, acts: Sequence[str]) -> Line:
        """The acts in words."""
        details = details_of(acts)
        if len(details) > 1:
            one, two = details[:2]
            text = self._words.draw(TWO_DETAILS).format(detail="\0", detail2="\1")
            first, middle, last = text.replace("\1", "\0").split("\0")
            stretches = ((first, ""), (one, f"request({one})"), (middle, ""), (two, f"request({two})"), (last, ""))
            return _line(stretches, [f"request({one})", f"request({two})"])
        if details:
            before, _, after = self._words.draw(DETAIL).format(detail="\0").partition("\0")
            return _line(((before, ""), (details[0], f"request({details[0]})"), (after, "")), acts)
        wanted = [act for act in acts if act.startswith("inform(")]
        if wanted:
            return self._around("{phrase}" if self._rng.random() < ALONE else self._words.draw(ANSWERS), wanted)
        return self.plain(acts[0]) if "reqalts()" not in acts else self._alternatives()

    def shorter(self, acts: Sequence[str]) -> Line:
        """The values alone."""
        if not informed(acts):
            details = details_of(acts)
            return _line(tuple((each, f"request({each})") for each in details), acts) if details else self.of(acts)
        return _line(tuple(stretch for act in acts for stretch in self._value(act, alone=True)), acts)

    def repaired(self, line: Line, part: Part, *, wrong: str) -> Line:
        """A line that says that it is said again."""
        single = len(line.text.split()) == 1
        form = draw_form(part, self._rng, wrong=bool(wrong), pointing=single)
        before, _, after = form.format(again="\0", wrong=wrong).partition("\0")
        return Line(line.stretches, line.acts, before.strip(), after.strip(), repair=True)

    def _alternatives(self) -> Line:
        text = self._words.draw(ALTERNATIVES).format(thing=self._service.thing)
        return _line(((text, "reqalts()"),), ["reqalts()"])

    def _around(self, carrier: str, acts: Sequence[str]) -> Line:
        """Values with a carrier around them."""
        phrase: list[Stretch] = []
        for act in acts:
            phrase += [("and", "")] if phrase and self._rng.random() < ALONE else []
            phrase += self._value(act, alone=self._rng.random() < ALONE)
        if len(acts) == 1 and informed(acts).get(next(iter(informed(acts)))) == ANY:
            return _line(tuple(phrase), acts)
        before, _, after = carrier.replace("{thing}", self._service.thing).partition("{phrase}")
        return _line(((before, ""), *phrase, (after, "")), acts)

    def _value(self, act: str, *, alone: bool) -> list[Stretch]:
        ((slot, value),) = informed([act]).items()
        if value == ANY:
            return [(self._words.draw(INDIFFERENT).format(slot=slot), act)]
        if alone:
            return [(value, act)]
        before, _, after = self._words.draw(PHRASES).format(slot=slot, value="\0").partition("\0")
        return [(before.strip(), ""), (value, act), (after.strip(), "")]


def _line(stretches: Sequence[Stretch], acts: Sequence[str]) -> Line:
    kept = tuple((text.strip(), act) for text, act in stretches if text.strip())
    return Line(kept, frozenset(acts))
