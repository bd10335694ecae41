"""The assistant that asks: what it believes to be wanted, and what it says next. Knows what it understood; nothing of what was said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from resay.lab.linked.acts import details_of, informed
from resay.lab.linked.asking_manner import AskingManner, Move
from resay.lab.linked.asking_service import Service, Wordings
from resay.lab.linked.asking_words import ASKS, ELSE, EXPLICIT, GOODBYES, GREETINGS, IMPLICIT, LOST, OFFERS, REFUSALS, TELLS

ANY = "any"
"""The value of whoever does not mind."""

ASKED_ONCE_MORE = 0.4
"""Share of the times it is lost in which it says its question again too. Made up."""

ELSE_SHARE = 0.25
"""Share of the answers that ask whether there is anything else. Made up."""

ENOUGH = 0.5
"""Chance to ask for one thing more before anything is offered. Made up."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the assistant says."""

    move: Move
    text: str
    about: Move
    """What is to be answered: where it is lost, that which it had said before."""
    slot: str = ""
    value: str = ""

    @property
    def kind(self) -> str:
        """As logs call it."""
        return f"{self.move}({self.slot})" if self.move is Move.ASK else str(self.move)


class AskingAssistant:
    """The assistant in one session."""

    def __init__(self, service: Service, manner: AskingManner, words: Wordings, *, rng: Random) -> None:
        """Nothing is believed yet."""
        self._service, self._manner, self._words, self._rng = service, manner, words, rng
        self._belief: dict[str, str] = {}
        self._sure: set[tuple[str, str]] = set()
        self._lacking: dict[tuple[str, str], bool] = {}
        self._asks: dict[str, str] = {}
        self._name = 0
        self._offered = False
        slots = list(service.slots)
        self._needed = [slots[0], *(slot for slot in slots[1:] if rng.random() < ENOUGH)]

    def greet(self) -> Said:
        """The first words."""
        slots = list(self._service.slots)
        text = self._words.draw(GREETINGS).format(thing=self._service.thing, slot=slots[0], slot2=slots[-1])
        return Said(Move.GREET, text, Move.GREET)

    def answer(self, acts: frozenset[str], asked: Said) -> Said:
        """What it says to what it understood."""
        wanted = informed(acts)
        if not acts or "bye()" in acts:
            return Said(Move.END, self._words.draw(GOODBYES), Move.END) if acts else self._lost(asked)
        if asked.about is Move.CONFIRM:
            self._confirmed(acts, asked)
        self._belief |= wanted
        lacking = next((pair for pair in wanted.items() if self._lacks(pair)), None)
        if lacking:
            return self._refuse(*lacking)
        if details_of(acts) and self._offered:
            return self._tell(details_of(acts)[0])
        if "reqalts()" in acts:
            return self._another(asked)
        doubted = next((pair for pair in wanted.items() if self._doubts(pair)), None)
        if doubted:
            text = self._words.draw(EXPLICIT).format(slot=doubted[0], value=doubted[1], thing=self._service.thing)
            return Said(Move.CONFIRM, text, Move.CONFIRM, *doubted)
        return self._go_on(wanted)

    def _confirmed(self, acts: frozenset[str], asked: Said) -> None:
        if "affirm()" in acts:
            self._sure.add((asked.slot, asked.value))
        if "negate()" in acts:
            self._belief.pop(asked.slot, None)

    def _lacks(self, pair: tuple[str, str]) -> bool:
        if pair not in self._lacking:
            known = pair[1] == ANY or pair[1] in self._service.slots.get(pair[0], ())
            self._lacking[pair] = not known or (pair[1] != ANY and self._rng.random() < self._manner.lacks)
        return self._lacking[pair]

    def _doubts(self, pair: tuple[str, str]) -> bool:
        return pair[1] != ANY and pair not in self._sure and self._rng.random() < self._manner.explicit

    def _refuse(self, slot: str, value: str) -> Said:
        text = self._words.draw(REFUSALS).format(slot=slot, value=value, thing=self._service.thing)
        return Said(Move.REFUSE, text, Move.REFUSE, slot, value)

    def _lost(self, asked: Said) -> Said:
        """What it says where nothing was understood."""
        moves = list(self._manner.lost)
        move = self._rng.choices(moves, [self._manner.lost[each] for each in moves])[0]
        if move is Move.AGAIN:
            return asked
        if move is Move.LOST:
            text = self._words.draw(LOST).format(thing=self._service.thing)
            once_more = f" {asked.text}" if self._rng.random() < ASKED_ONCE_MORE and asked.move is not Move.LOST else ""
            return replace(asked, move=Move.LOST, text=text + once_more)
        return self._go_on({}, but=asked.slot)

    def _go_on(self, wanted: dict[str, str], *, but: str = "") -> Said:
        """The next question, or an offer once enough is known."""
        slot = next((slot for slot in self._needed if slot not in self._belief and slot != but), None)
        if slot is None:
            return self._offer()
        shown = [pair for pair in wanted.items() if pair[1] != ANY and self._rng.random() < self._manner.implicit]
        before = [self._words.draw(IMPLICIT).format(slot=name, value=value, thing=self._service.thing) for name, value in shown]
        return Said(Move.ASK, " ".join([*before, self._ask(slot)]), Move.ASK, slot)

    def _ask(self, slot: str) -> str:
        """A question that is always put alike."""
        if slot not in self._asks:
            one, two = self._rng.sample(list(self._service.slots[slot]), 2)
            self._asks[slot] = self._words.draw(ASKS).format(slot=slot, value=one, value2=two)
        return self._asks[slot]

    def _offer(self) -> Said:
        self._offered = True
        known = [pair for pair in self._belief.items() if pair[1] != ANY]
        slot, value = self._rng.choice(known) if known else (self._needed[0], "everything")
        name = self._service.names[self._name % len(self._service.names)]
        text = self._words.draw(OFFERS).format(name=name, slot=slot, value=value, thing=self._service.thing)
        return Said(Move.OFFER, text, Move.OFFER)

    def _tell(self, detail: str) -> Said:
        answer = self._service.answers[self._service.details.index(detail)]
        name = self._service.names[self._name % len(self._service.names)]
        text = self._words.draw(TELLS).format(name=name, detail=detail, answer=answer)
        after = f" {self._words.draw(ELSE)}" if self._rng.random() < ELSE_SHARE else ""
        return Said(Move.TELL, text + after, Move.TELL)

    def _another(self, asked: Said) -> Said:
        """Something else that was found, if there is any."""
        known = [pair for pair in self._belief.items() if pair[1] != ANY]
        self._name += 1
        if self._name >= len(self._service.names) and known:
            return self._refuse(*self._rng.choice(known))
        return self._offer() if self._offered else self._go_on({}, but=asked.slot)
