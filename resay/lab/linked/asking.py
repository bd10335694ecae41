"""Sessions in which the assistant asks for one thing after another, and the customer answers: phone lines, forms, bookings.

What is true of every turn is known by its acts, and links follow from them by the rule of `acts`: only what was missed is said again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from rapidfuzz.distance import Levenshtein

from failure_point.point import FailurePoint
from resay.dialogue.session import Session
from resay.dialogue.turn import Hypothesis, Interpretation, Prompt, Response, ResponseStatus, Turn
from resay.lab.linked.acts import details_of, follow_of, informed, second_tries
from resay.lab.linked.asking_assistant import ANY, AskingAssistant, Said
from resay.lab.linked.asking_customer import AskingCustomer
from resay.lab.linked.asking_lines import Line, Lines
from resay.lab.linked.asking_manner import BEGINS_TAKEN, RECOVERED, AskingManner, Move, draw_asking_manner
from resay.lab.linked.asking_service import Service, Wordings, draw_service, slots_of
from resay.lab.linked.session import Came, Follow, LinkedSession, TrueLink
from resay.lab.linked.talk import START, Stock, put_together
from resay.label.corpora.dstc2_turn import content_acts

TURNS_MAX = 16
"""A session ends here at the latest."""

SILENCE_S, SILENCE_SPREAD, GAP_S_MAX = 0.8, 0.9, 30.0
"""Median silence before an answer, and its spread (log scale). Made up; DSTC2's turns follow its prompts at once."""

WORDS_A_SECOND = 2.6

UNHEARD = 0.05
"""Share of what is misheard of which nothing at all is heard. Made up."""

CLEAN_NOISE = 0.1
"""Share of what was understood although a word around it was misheard. Made up."""

WORDINGS_KEPT = 3
"""Carriers of a kind that one customer has. Made up."""

ALIKE_AMONG = 6
"""Values among which the one most alike is taken for another. Made up."""

_GIVEN = frozenset({Move.OFFER, Move.TELL, Move.END})
"""What the assistant says when it has given what was asked for."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came of a line."""

    pieces: list[str]
    """What stood before it, it, and what stood after, as heard."""
    acted: frozenset[str]
    """What the assistant goes by."""
    read: frozenset[str]
    """What the log says it read."""
    missed: frozenset[str] = frozenset()
    misheard: bool = False
    """Whether words of it were taken for others."""

    @property
    def recovered(self) -> bool:
        """Whether it goes by more than it read."""
        return self.acted != self.read

    @property
    def point(self) -> FailurePoint:
        """Where it failed: what was made good after all is correct."""
        if not self.missed or self.recovered:
            return FailurePoint.CORRECT
        return FailurePoint.ASR if self.misheard else FailurePoint.NLU


@dataclass(frozen=True, slots=True)
class _Logged:
    """A turn, and apart from it what is true of it."""

    turn: Turn
    line: Line
    missed: frozenset[str]
    start: int
    end: int
    told: Move
    """What the assistant said then."""
    point: FailurePoint


def asked_sessions(
    stock: Stock, *, number: int, seed: int, draw: Callable[[Random], AskingManner] = draw_asking_manner
) -> Iterator[LinkedSession]:
    """So many sessions, each of a customer of an assistant of its own; the same seed gives the same."""
    slots = slots_of(stock.requests)
    for each in range(number):
        rng = Random(f"{seed}/asked/{stock.part}/{each}")
        name = f"asked-{stock.part}-{seed}-{each}"
        yield _Call(stock, draw(rng), draw_service(slots, stock.part, rng), name=name, rng=rng).run()


class _Call:
    """The state of one session."""

    def __init__(self, stock: Stock, manner: AskingManner, service: Service, *, name: str, rng: Random) -> None:
        self._stock, self._manner, self._service, self._name, self._rng = stock, manner, service, name, rng
        self._now = START + timedelta(seconds=rng.randrange(86_400))
        self._at_once = rng.random() < 0.3
        self._logged: list[_Logged] = []

    def run(self) -> LinkedSession:
        """The session from the first prompt to the last."""
        service, manner, part, rng = self._service, self._manner, self._stock.part, self._rng
        assistant = AskingAssistant(service, manner, Wordings(part, rng, 1), rng=rng)
        lines = Lines(service, Wordings(part, rng, WORDINGS_KEPT), rng)
        customer = AskingCustomer(service, manner, part, lines=lines, rng=rng)
        asked = assistant.greet()
        while len(self._logged) < TURNS_MAX and asked.move is not Move.END:
            line = customer.speak(asked)
            heard = self._hear(line)
            told = assistant.answer(heard.acted, asked)
            customer.learn(heard.missed, asked=asked, told=told, recovered=heard.recovered)
            self._log(line, heard, asked=asked, told=told)
            asked = told
        return self._linked()

    def _linked(self) -> LinkedSession:
        logged = self._logged
        acts = [content_acts(each.line.acts) for each in logged]
        links = tuple(
            TrueLink(source, target, logged[target].start, logged[target].end, logged[target].line.repair)
            for source, target in second_tries(acts, [each.missed for each in logged])
            if logged[target].start < logged[target].end
        )
        follows = {place: follow_of(acts[place - 1], acts[place]) if place else Follow.OTHER for place in range(len(logged))}
        follows |= {link.target: Follow.SAID_AGAIN for link in links}
        came = {
            place: Came(place == 0, not each.missed, not each.missed and each.told in _GIVEN, each.point)
            for place, each in enumerate(logged)
        }
        return LinkedSession(Session(self._name, tuple(each.turn for each in logged)), links, follows, self._name, came)

    def _hear(self, line: Line) -> _Heard:
        """What is heard and understood of a line."""
        content = sorted(content_acts(line.acts))
        # A yes or a goodbye is understood more often than what needs words of its own.
        chance = self._manner.hears if informed(line.acts) or details_of(line.acts) else self._manner.hears**0.5
        if not line.acts or self._rng.random() < chance:
            return _Heard(self._pieces(line, {}), line.acts, line.acts)
        lost = frozenset(content if len(content) < 2 or self._rng.random() < 0.5 else [self._rng.choice(content)]) or line.acts
        instead = {act: self._instead(act) for act in sorted(lost)}
        taken = (line.acts - lost) | {other for other in instead.values() if other}
        read = frozenset(taken)
        misheard = self._rng.random() < BEGINS_TAKEN
        pieces = self._pieces(line, instead if misheard else {})
        acted = line.acts if self._rng.random() < RECOVERED else read
        return _Heard(pieces, acted, read, lost, misheard)

    def _instead(self, act: str) -> str:
        """What an act is taken for; nothing where it comes to nothing."""
        if self._rng.random() >= self._manner.wrong_value:
            return ""
        wanted = informed([act])
        if wanted:
            ((slot, value),) = wanted.items()
            if value != ANY and self._rng.random() < self._manner.strange_value:
                return f"inform({slot}={self._stock.confusions.mishear(value, self._rng, rate=self._manner.noise)})"
            others = [each for each in self._service.slots[slot] if each != value]
            others = self._rng.sample(others, min(ALIKE_AMONG, len(others)))
            return f"inform({slot}={min(others, key=lambda each: Levenshtein.normalized_distance(each, value))})"
        details = [each for each in self._service.details if each not in details_of([act])]
        return f"request({self._rng.choice(details)})" if details_of([act]) and details else ""

    def _pieces(self, line: Line, instead: Mapping[str, str]) -> list[str]:
        """What is heard of a line, whose acts in `instead` are misheard."""
        if instead and not line.before and not line.after and self._rng.random() < UNHEARD:
            return ["", "", ""]
        heard = [self._stretch(text, instead[act]) if act in instead else self._around(text, bool(instead)) for text, act in line.stretches]
        return [self._around(line.before, bool(instead)), " ".join(filter(None, heard)), self._around(line.after, bool(instead))]

    def _stretch(self, text: str, taken_for: str) -> str:
        """Words that are misheard: as those of what they are taken for, or as others like them."""
        values = [*informed([taken_for]).values(), *details_of([taken_for])] if taken_for else []
        return values[0] if values and values[0] != ANY else self._stock.confusions.mishear(text, self._rng, rate=self._manner.noise)

    def _around(self, text: str, misheard: bool) -> str:
        share = self._manner.noise / 2 if misheard else CLEAN_NOISE
        return self._stock.confusions.mishear(text, self._rng, rate=0.0) if len(text.split()) > 1 and self._rng.random() < share else text

    def _log(self, line: Line, heard: _Heard, *, asked: Said, told: Said) -> None:
        """Log a turn; its response is the next prompt."""
        manner, rng, place = self._manner, self._rng, len(self._logged)
        utterance, start, end = put_together(heard.pieces, written=manner.written, rng=rng)
        at, ends = self._times(utterance, told)
        turn = Turn(
            turn_id=f"{self._name}.{place}",
            customer_id=self._name,
            at=at,
            utterance=utterance,
            session_id=self._name,
            hypotheses=self._others(line, heard, utterance),
            interpretations=(_reading(heard.read, self._service),) if manner.with_meaning and heard.read else (),
            prompt=Prompt(asked.text if manner.with_text else "", asked.kind) if manner.with_prompts else None,
            response=self._response(heard, asked=asked, told=told),
            barge_in=rng.random() < manner.barges,
            ended_at=ends,
        )
        self._logged.append(_Logged(turn, line, heard.missed, start, end, told.move, heard.point))

    def _times(self, utterance: str, told: Said) -> tuple[datetime, datetime | None]:
        """When it was said, and when the answer to it was over, as logged."""
        manner, rng = self._manner, self._rng
        if not manner.with_times:
            return self._now, None
        silence = 0.0 if self._at_once else min(GAP_S_MAX, SILENCE_S * rng.lognormvariate(0, SILENCE_SPREAD))
        at = self._now + timedelta(milliseconds=round(1000 * silence))
        spoken_s = 1.0 + (len(utterance.split()) + len(told.text.split())) / WORDS_A_SECOND
        self._now = at + timedelta(milliseconds=round(1000 * spoken_s))
        return at, self._now if manner.with_ends else None

    def _response(self, heard: _Heard, *, asked: Said, told: Said) -> Response | None:
        manner = self._manner
        if not manner.with_text and not manner.with_status:
            return None
        text = told.text if manner.with_text else ""
        status = _status(heard, asked=asked, told=told, repeats_fail=manner.repeats_fail) if manner.with_status else ResponseStatus.NONE
        return Response(text=text, status=status, action=told.kind if manner.with_prompts else "")

    def _others(self, line: Line, heard: _Heard, utterance: str) -> tuple[Hypothesis, ...]:
        """What else it may have been."""
        before, middle, after = heard.pieces
        if not self._manner.with_others or not middle:
            return ()
        others = [self._stock.confusions.mishear(middle, self._rng, rate=0.1) for _ in range(2)]
        others += [line.text] if heard.missed and self._rng.random() < 0.4 else []
        texts = [utterance, *(" ".join(filter(None, (before, other, after))) for other in others)]
        return tuple(Hypothesis(text) for text in dict.fromkeys(texts))


def _status(heard: _Heard, *, asked: Said, told: Said, repeats_fail: bool) -> ResponseStatus:
    """What the log says became of it, as the import of DSTC2 tells it: from what was read, and from what is said next."""
    if not heard.read or told.move is Move.LOST:
        return ResponseStatus.UNSUPPORTED
    if told.move is Move.REFUSE:
        return ResponseStatus.FAILED
    if told.text == asked.text and repeats_fail:
        return ResponseStatus.FAILED
    return ResponseStatus.ASKED if told.move in {Move.ASK, Move.CONFIRM, Move.GREET} else ResponseStatus.DONE


def _reading(acts: frozenset[str], service: Service) -> Interpretation:
    names = sorted({act.partition("(")[0] for act in acts})
    slots: dict[str, object] = dict(informed(acts))
    if details_of(acts):
        slots["request"] = details_of(acts)
    return Interpretation("+".join(names), service.thing, slots)
