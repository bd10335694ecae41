"""Sessions made of texts: customers of many made-up assistants who say requests, are misunderstood, and say them again, or do not.

What is true of every turn is known, as it was made so. Rates marked *made up* have no source; they are varied from customer to customer, so
that no detector can lean on one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from resay.dialogue.session import Session
from resay.dialogue.turn import Hypothesis, Interpretation, Response, Turn
from resay.lab.linked.answers import Standing, answer, answer_to_remark
from resay.lab.linked.confusions import Confusions
from resay.lab.linked.forms import FILLING_IN
from resay.lab.linked.part import Part
from resay.lab.linked.repair_forms import BARE, forms
from resay.lab.linked.requests import Request, Requests
from resay.lab.linked.saying import Saying, also, change, refine, say, say_again
from resay.lab.linked.session import Came, Follow, LinkedSession, TrueLink

START = datetime(2026, 9, 7, tzinfo=UTC)
"""A day far enough back that no clock takes it for the future."""

TURNS_MAX = 14
"""A session ends here at the latest."""

BRIEF_SHARE = 0.3
"""Share of the sessions that are cut after two to four turns: most sessions of a voice log are short."""

REQUESTS_MAX = 4
"""Wishes of one session, beside those that follow from one another. Made up."""

GAP_S_MAX = 42.0
"""No silence within a session is longer; the session's own gap is 45 s."""

SOON_S, OTHER_S, GAP_SPREAD = 4.0, 8.0, 0.7
"""Median silence before a second try and before anything else, and the spread of both (log scale). Made up."""

TRIES_MAX = 4

CLEAN_NOISE = 0.2
"""Share of the requests that are understood although a word was misheard. SLURP: a fifth of the readings that were understood."""

MISHEARD = 0.7
"""Share of misunderstandings that begin in the recogniser (SLURP: 2,360 of 3,685); the rest heard right and took it wrong."""


SHOWS_MEANING = 0.4
"""Share of the answers that show what was made of a request, and not what was heard. Made up."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one assistant logs and errs, and how its customer speaks."""

    right: float
    """Chance that a first try is understood."""
    refuses: float
    """Share of misunderstandings that are said to be such; the rest are done wrong, or asked about."""
    lacks: float
    """Share of what is understood of which nothing is there. DSTC2 train: 6 % of the turns, and 15 % of what failed is said again."""
    says_again: float
    """Chance that what was misunderstood is said again."""
    later: float
    """Share of those with other wishes in between."""
    stays: float
    """Chance that the next wish is of the same domain, as nearly all are with an assistant for one thing."""
    with_text: bool
    with_status: bool
    with_meaning: bool
    with_others: bool
    with_times: bool
    """Whether times are logged: an export may have none, and then all turns are at one instant."""
    with_ends: bool
    written: bool
    """Whether utterances have capitals and stops, as typed ones and those of some recognisers do."""
    noise: float
    """Share of the words of what is misheard."""


def draw_manner(rng: Random) -> Manner:
    """One of many assistants. All shares are made up, and wide."""
    return Manner(
        right=rng.uniform(0.35, 0.75),
        refuses=rng.uniform(0.2, 0.9),
        lacks=rng.uniform(0.0, 0.25),
        says_again=rng.uniform(0.45, 0.85),
        later=rng.uniform(0.05, 0.3),
        stays=rng.uniform(0.0, 0.8),
        with_text=rng.random() < 0.7,
        with_status=rng.random() < 0.6,
        with_meaning=rng.random() < 0.5,
        with_others=rng.random() < 0.4,
        with_times=rng.random() < 0.85,
        with_ends=rng.random() < 0.6,
        written=rng.random() < 0.25,
        noise=rng.uniform(0.15, 0.45),
    )


@dataclass(frozen=True, slots=True)
class Stock:
    """All that the sessions of one part are made of."""

    part: Part
    requests: Requests
    confusions: Confusions


def made_sessions(stock: Stock, *, number: int, seed: int) -> Iterator[LinkedSession]:
    """So many sessions, each of a customer of an assistant of its own; the same seed gives the same."""
    for each in range(number):
        rng = Random(f"{seed}/texts/{stock.part}/{each}")
        yield _Talk(stock, draw_manner(rng), name=f"texts-{stock.part}-{seed}-{each}", rng=rng).run()


class _Outcome(NamedTuple):
    """What came of an utterance."""

    heard: str
    is_right: bool
    standing: Standing


class _Spoken(NamedTuple):
    """A turn that was made, and what the assistant got of it."""

    place: int
    outcome: _Outcome


class _Talk:
    """The state of one session."""

    def __init__(self, stock: Stock, manner: Manner, *, name: str, rng: Random) -> None:
        self._stock, self._manner, self._name, self._rng = stock, manner, name, rng
        self._turns: list[Turn] = []
        self._links: list[TrueLink] = []
        self._follows: dict[int, Follow] = {}
        self._came: dict[int, Came] = {}
        self._pursued = ""
        self._now = START + timedelta(seconds=rng.randrange(86_400))
        self._turns_max = rng.randint(2, 4) if rng.random() < BRIEF_SHARE else TURNS_MAX

    def run(self) -> LinkedSession:
        """The session from its first wish to its last."""
        request, follow = self._stock.requests.draw(self._rng), Follow.OTHER
        for _ in range(self._rng.randint(2, 2 * REQUESTS_MAX)):
            last = self._pursue(request, follow)
            if len(self._turns) >= self._turns_max:
                break
            request, follow = self._next(request, last)
        kept = tuple(self._turns[: self._turns_max])
        links = tuple(link for link in self._links if link.target < len(kept))
        follows = {place: follow for place, follow in self._follows.items() if place < len(kept)}
        came = {place: each for place, each in self._came.items() if place < len(kept)}
        return LinkedSession(Session(self._name, kept), links, follows, self._name, came)

    def _pursue(self, request: Request, follow: Follow) -> _Outcome:
        """Say it until it is understood or given up; what came of it at last."""
        spoken = self._speak(request, say(request), follow)
        for _ in range(TRIES_MAX - 1):
            if spoken.outcome.is_right:
                self._answer_question(request, spoken)
                return spoken.outcome
            if self._rng.random() >= self._manner.says_again or len(self._turns) >= self._turns_max - 1:
                break
            self._in_between(request)
            spoken = self._again(request, spoken)
        if not spoken.outcome.is_right and self._rng.random() < 0.12:
            self._remark()
        return spoken.outcome

    def _again(self, request: Request, first: _Spoken) -> _Spoken:
        """A second try, linked with the first."""
        outcome = first.outcome
        named = outcome.heard if outcome.standing is not Standing.REFUSED and outcome.heard != request.text else ""
        saying = say_again(request, self._stock.requests, self._stock.part, wrong=named, rng=self._rng)
        return self._speak(request, saying, Follow.SAID_AGAIN, first=first.place)

    def _in_between(self, request: Request) -> None:
        """Nothing, a remark, or other wishes that are said once."""
        draw = self._rng.random()
        if draw < 0.1:
            self._remark()
        elif draw < 0.1 + self._manner.later:
            for _ in range(1 if self._rng.random() < 0.7 else 2):
                other, follow = self._something_else(request)
                self._speak(other, say(other), follow, surely=True)

    def _next(self, request: Request, last: _Outcome) -> tuple[Request, Follow]:
        """The next wish, and what it is to the last."""
        draw, requests, rng = self._rng.random(), self._stock.requests, self._rng
        lacking = last.standing is Standing.LACKING
        if not last.is_right or (lacking and draw < 0.4):
            return self._something_else(request)
        if draw < 0.13:
            return request, Follow.REPEATED_SUCCESS
        if draw < 0.30 and not lacking:
            return refine(request, requests, rng), Follow.REFINEMENT
        if draw < 0.45 or lacking:
            return change(request, requests, rng), Follow.CHANGED_MIND
        if draw < 0.68:
            return also(request, requests, rng), Follow.SAME_INTENT_OTHER_SLOT
        return self._something_else(request)

    def _something_else(self, request: Request) -> tuple[Request, Follow]:
        """Another wish: of the same domain, where most words are the same, or any."""
        stays = self._rng.random() < self._manner.stays
        other = self._stock.requests.sibling(request, self._rng) if stays else None
        if other is None:
            return self._stock.requests.draw(self._rng), Follow.TOPIC_SWITCH
        like = other.intent == request.intent or {other.intent.split()[0], request.intent.split()[0]} == {FILLING_IN}
        return other, Follow.SAME_INTENT_OTHER_SLOT if like else Follow.TOPIC_SWITCH

    def _answer_question(self, request: Request, spoken: _Spoken) -> None:
        """An answer to what the assistant asked of a request that it understood: no second try."""
        if spoken.outcome.standing is not Standing.ASKED or self._rng.random() < 0.2:
            return
        slot, value = self._stock.requests.any_value(self._rng, but=request.slots)
        text = self._rng.choice(("yes", "yes please", value, value, f"the {value}", "sure"))
        answered = Request(f"{request.intent} answered {slot}", request.pieces)
        self._speak(answered, Saying(text), Follow.OTHER, surely=True)

    def _remark(self) -> None:
        text = self._rng.choice(forms(self._stock.part, BARE))
        told = answer_to_remark(self._rng, with_text=self._manner.with_text, with_status=self._manner.with_status)
        self._add(text, told, follow=Follow.OTHER, soon=True)

    def _speak(self, request: Request, saying: Saying, follow: Follow, *, first: int | None = None, surely: bool = False) -> _Spoken:
        outcome = self._outcome(request, saying, surely=surely)
        shown = self._shown(request, outcome)
        told = answer(outcome.standing, shown, self._rng, with_text=self._manner.with_text, with_status=self._manner.with_status)
        pieces = [self._around(saying.before), outcome.heard, self._around(saying.after)]
        utterance, start, end = put_together(pieces, written=self._manner.written, rng=self._rng)
        place = self._add(utterance, told, follow=follow, soon=first is not None)
        self._log_more(request, place, outcome=outcome, around=pieces)
        goal = f"{request.intent}/{request.text}" if follow is not Follow.OTHER or place == 0 else self._pursued
        begins = place == 0 or goal != self._pursued or follow is Follow.REPEATED_SUCCESS
        self._came[place], self._pursued = Came(begins, outcome.is_right, outcome.is_right and outcome.standing is Standing.DONE), goal
        if first is not None:
            self._links.append(TrueLink(first, place, start, end, saying.repair))
        return _Spoken(place, outcome)

    def _outcome(self, request: Request, saying: Saying, *, surely: bool) -> _Outcome:
        """What the assistant hears of the request in an utterance, and makes of it."""
        rng, manner = self._rng, self._manner
        if surely or rng.random() < manner.right:
            heard = self._heard(request, saying.again, right=True)
            return _Outcome(heard, is_right=True, standing=Standing.DONE if surely else self._done())
        heard = self._heard(request, saying.again, right=False)
        draw = rng.random()
        wrongly = Standing.DONE if draw < manner.refuses + (1 - manner.refuses) * 0.7 else Standing.ASKED
        return _Outcome(heard, is_right=False, standing=Standing.REFUSED if draw < manner.refuses else wrongly)

    def _done(self) -> Standing:
        """What comes of what was understood."""
        draw = self._rng.random()
        if draw < 0.12:
            return Standing.ASKED
        return Standing.LACKING if draw < 0.12 + self._manner.lacks else Standing.DONE

    def _heard(self, request: Request, text: str, *, right: bool) -> str:
        """What is heard: as a real recogniser did where it was read to one, else with words mistaken as it mistook others."""
        rng = self._rng
        recorded = [each.text for each in request.readings if each.is_right is right] if text == request.text else []
        if recorded:
            return rng.choice(recorded)
        if right:
            return self._stock.confusions.mishear(text, rng, rate=0.0) if rng.random() < CLEAN_NOISE and len(text.split()) > 3 else text
        return self._stock.confusions.mishear(text, rng, rate=self._manner.noise) if rng.random() < MISHEARD else text

    def _shown(self, request: Request, outcome: _Outcome) -> str:
        """What the answer says of the request: what was heard; or what was made of it, where that is another thing."""
        if self._rng.random() >= SHOWS_MEANING:
            return outcome.heard
        if outcome.is_right:
            return request.text
        return self._stock.confusions.mishear(outcome.heard, self._rng, rate=self._manner.noise)

    def _around(self, text: str) -> str:
        """What stands around a request, as it is heard."""
        return self._stock.confusions.mishear(text, self._rng, rate=0.0) if text and self._rng.random() < CLEAN_NOISE / 2 else text

    def _add(self, utterance: str, told: Response | None, *, follow: Follow, soon: bool) -> int:
        """Log a turn; its place."""
        manner, rng = self._manner, self._rng
        if self._turns:
            silence = min(GAP_S_MAX, (SOON_S if soon else OTHER_S) * rng.lognormvariate(0, GAP_SPREAD))
            self._now += timedelta(seconds=silence if manner.with_times else 0)
        place = len(self._turns)
        spoken_s = 0.5 + 0.35 * len(utterance.split()) + (1.5 if told is not None else 0.0)
        ends = self._now + timedelta(milliseconds=round(1000 * spoken_s)) if manner.with_ends and manner.with_times else None
        at = self._now.replace(microsecond=self._now.microsecond // 1000 * 1000)
        self._turns.append(Turn(f"{self._name}.{place}", self._name, at, utterance, session_id=self._name, response=told, ended_at=ends))
        self._now = ends or self._now
        self._follows[place] = follow
        return place

    def _log_more(self, request: Request, place: int, *, outcome: _Outcome, around: list[str]) -> None:
        """What some assistants log beside: what they took it to mean, and what else they may have heard."""
        turn, rng = self._turns[place], self._rng
        if self._manner.with_meaning and outcome.standing is not Standing.REFUSED:
            slots: dict[str, object] = dict(request.slots) if outcome.is_right else {}
            intent = request.intent if outcome.is_right or rng.random() < 0.5 else self._stock.requests.draw(rng).intent
            turn = replace(turn, interpretations=(Interpretation(intent, slots=slots),))
        if self._manner.with_others and outcome.heard:
            others = [self._stock.confusions.mishear(outcome.heard, rng, rate=0.1) for _ in range(2)]
            others += [request.text] if not outcome.is_right and rng.random() < 0.4 else []
            texts = [turn.utterance, *(" ".join(filter(None, (around[0], other, around[2]))) for other in others)]
            turn = replace(turn, hypotheses=tuple(Hypothesis(text) for text in dict.fromkeys(texts)))
        self._turns[place] = turn


def put_together(pieces: list[str], *, written: bool, rng: Random) -> tuple[str, int, int]:
    """The utterance, and where its middle piece begins and ends."""
    before, middle, after = pieces
    if written and before and rng.random() < 0.6:
        before += ","
    if written and not before:
        middle = middle[:1].upper() + middle[1:]
    text = f"{before[:1].upper() + before[1:] if written else before} {middle}".strip()
    start = len(text) - len(middle)
    end = len(text)
    stop = rng.choice((".", "", "!", "?")) if written else ""
    return f"{text} {after}".strip() + stop, start, end
