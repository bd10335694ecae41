"""One customer's own history, ready to be asked: what they say as it is, what they mean by what fails, and what we must not say for them.

Pure: knows nothing of where histories lie or how long they are kept. What it offers has yet to pass the gate. Figures are of the shipped
home with known voices, 400 customers: seeds 11 and 12, of what is near 11 to 13 (docs/decisions/0019-the-personal-layer.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher

from resay.dialogue.history import Tried, Way
from resay.dialogue.rewrite import Heard, Rewrite
from resay.dialogue.risk import risk_of
from resay.dialogue.text import canonical, has_command_prefix, has_control_characters
from resay.store.rewrites import rewrite_id_of
from rewrite_online.sound import sound_key
from rewrite_online.spelling import alike

FAILURES_MAX = 2
"""A rewrite that failed a customer so often, and never succeeded for them, is not applied to them: one failure may be another's fault."""

ENDS_MIN = 2
"""How often a customer must have rephrased one wording to another, with success, before we do it for them. Once: 157 wins and 25 refusals
turned into wrong actions; twice or more, mostly to the same: 123 and 2."""

ENDS_SHARE = 0.65
"""Chance that the other wording is what they mean, at least: two of two, three of four, and not two of three."""

GOOD_MIN = 2
"""How often own words must have succeeded before they are left alone (4,976 of 5,035 such turns were right), or stand in place of others:
once, 19 right turns in 11,500 were harmed; twice, 3."""

GOOD_SHARE = 0.8
"""And of how many of all their tries."""

NEAR_MIN = 0.8
"""How near what was heard must be to own words that stand in its place, as the mean of spelling and sound: with what is known of swaps,
581 wins of all personal rewrites at 20 losses, 8 of these harm; from 0.85 on 507 at 15, 5 of them harm."""

SWAP_MIN = 0.3
"""How much alike words must sound that would stand for each other: open is not close, and nobody hears it so. Without it 673 wins and 38
losses, 25 of them harm, in 17,273 right turns; with 0.45 469 at 17."""

NEAR_SUCCESS, NEAR_AS_SAID = 0.95, 0.45
"""How often such words succeed, and how often what was heard would have: of 549 such turns."""

NEAR_CHARS_MAX = 200
"""Longer ones are no commands, and to compare them takes time."""

PRIOR = 1.0
"""Successes and failures that are believed before any is seen."""

ROW_BYTES = 800
"""What a row takes in memory beside its texts, its share of tables included: 0.9 KB a row in all, measured with `tracemalloc`."""


Turned = Callable[[Heard, Rewrite], bool]
"""Whether what a rewrite reaches, good as it is elsewhere, is not what is wanted where this was heard."""


def never(_heard: Heard, _rewrite: Rewrite) -> bool:
    """Where nothing is known of that."""
    return False


@dataclass(slots=True)
class _Count:
    """Tries of one target, over days."""

    times: int = 0
    successes: int = 0
    last: Tried | None = None

    @property
    def is_good(self) -> bool:
        return self.successes >= GOOD_MIN and self.successes >= GOOD_SHARE * self.times

    def add(self, tried: Tried) -> None:
        self.times += tried.times
        self.successes += tried.successes
        if self.last is None or tried.last_day >= self.last.last_day:
            self.last = tried


@dataclass(slots=True)
class _Wording:
    """What came of one wording in one place: as it was, and by target as it was rephrased and as it was rewritten."""

    said: _Count = field(default_factory=_Count)
    rephrased: dict[str, _Count] = field(default_factory=dict)
    rewritten: dict[str, _Count] = field(default_factory=dict)

    def ends(self) -> Iterator[tuple[float, int, Tried]]:
        """What it was rephrased to: the chance that this is what is meant and works, how often, and the last time."""
        for target, count in self.rephrased.items():
            ours = self.rewritten.get(target, _Count())
            good = count.successes + ours.successes
            meant_otherwise = sum(each.successes for other, each in self.rephrased.items() if other != target)
            chance = (good + PRIOR) / (good + ours.times - ours.successes + meant_otherwise + 2 * PRIOR)
            if count.last is not None:
                yield chance, count.successes, count.last

    def success_as_said(self) -> float:
        """The chance that it succeeds as it is."""
        return (self.said.successes + PRIOR) / (self.said.times + 2 * PRIOR)


@dataclass(frozen=True, slots=True)
class _Near:
    """Own words, and what they stand for."""

    text: str
    key: str
    tried: Tried
    """Itself where it works, or what it was rephrased to."""
    times: int


class Own:
    """The history of one customer. Nothing changes in it."""

    def __init__(self, history: Iterable[Tried]) -> None:
        self._wordings: dict[tuple[str, str, str], _Wording] = {}
        self.bytes = ROW_BYTES
        for tried in (each for each in history if is_sayable(each)):
            self.bytes += ROW_BYTES + len(tried.said) + len(tried.target) + len(tried.wording) + len(tried.state)
            wording = self._wordings.setdefault((tried.said, tried.prompt_kind, tried.room), _Wording())
            _count_of(wording, tried).add(tried)
        self._ends = {key: best for key, wording in self._wordings.items() if not wording.said.is_good and (best := _best_end(wording))}
        # What is handed over in place of something else is left alone itself: rewriting a rewrite changes nothing.
        self._targets = frozenset((last.target, kind) for (_, kind, _), (_, _, last) in self._ends.items())
        self._words = frozenset(word for (text, *_), wording in self._wordings.items() if wording.said.is_good for word in text.split())
        self._near = self._near_by_place()
        self._failed = self._failed_rewrites()

    def candidates(self, heard: Heard, *, known: Collection[str] = (), turned: Turned = never) -> Sequence[Rewrite]:
        """What could be said in place of the utterance, best first; the utterance itself where that works for this customer.

        `known` are words that many others say with success: what was heard with one of them was not misheard there. Where `turned` says
        that they want something else, good words are not left alone.
        """
        said, kind, room = _place_of(heard)
        wording = self._wordings.get((said, kind, room), _UNHEARD_OF)
        if wording.said.is_good or (said, kind) in self._targets:
            alone = _left_alone(heard, wording)
            return () if (said, kind) not in self._targets and turned(heard, alone) else (alone,)
        end = self._ends.get((said, kind, room))
        if end is not None:
            chance, times, last = end
            return (_rewrite(last, said, chances=(wording.success_as_said(), chance), times=times),)
        return () if wording.rephrased or wording.said.successes else self._near_to(heard, known)

    def failed(self, heard: Heard, rewrite: Rewrite) -> bool:
        """Whether this rewrite of what was heard failed the customer before, in any room, and never succeeded for them."""
        said, kind, _ = _place_of(heard)
        return (said, kind, canonical(rewrite.target)) in self._failed

    def _near_to(self, heard: Heard, others: Collection[str]) -> Sequence[Rewrite]:
        """The own words that were probably said, where something like them was heard."""
        said, kind, room = _place_of(heard)
        known = self._near.get((kind, room))
        if not known or not said or len(said) > NEAR_CHARS_MAX:
            return ()
        both = alike([said], [each.text for each in known])[0] + alike([sound_key(said)], [each.key for each in known])[0]
        # Of equally near ones the first.
        place = int(both.argmax())
        nearest = known[place]
        if (
            float(both[place]) / 2 < NEAR_MIN
            or nearest.tried.target == said
            or not self._may_be_misheard(said.split(), nearest.text.split(), others)
        ):
            return ()
        return (_rewrite(nearest.tried, said, chances=(NEAR_AS_SAID, NEAR_SUCCESS), times=nearest.times),)

    def _may_be_misheard(self, heard: Sequence[str], meant: Sequence[str], others: Collection[str]) -> bool:
        """Whether one may have been said and the other heard."""
        # A word that the customer, or many others, say with success, and that would go, was said on purpose: lights on is not lights off.
        if any(word in self._words or word in others for word in set(heard) - set(meant)):
            return False
        swaps = [edit for edit in SequenceMatcher(None, heard, meant, autojunk=False).get_opcodes() if edit[0] == "replace"]
        return all(_sound_alike(heard[begin:end], meant[first:last]) for _, begin, end, first, last in swaps)

    def _near_by_place(self) -> dict[tuple[str, str], list[_Near]]:
        by_place: dict[tuple[str, str], list[_Near]] = defaultdict(list)
        for (text, kind, room), wording in self._wordings.items():
            if wording.said.is_good and wording.said.last is not None:
                by_place[kind, room].append(_Near(text, sound_key(text), wording.said.last, wording.said.successes))
                continue
            end = self._ends.get((text, kind, room))
            if end is not None and (text, kind) not in self._targets:
                by_place[kind, room].append(_Near(text, sound_key(text), end[2], end[1]))
        return dict(by_place)

    def _failed_rewrites(self) -> frozenset[tuple[str, str, str]]:
        times: dict[tuple[str, str, str], int] = defaultdict(int)
        worked = set()
        for (text, kind, _), wording in self._wordings.items():
            for target, count in wording.rewritten.items():
                times[text, kind, target] += count.times
                if count.successes:
                    worked.add((text, kind, target))
        return frozenset(key for key, tried in times.items() if tried >= FAILURES_MAX and key not in worked)


def _sound_alike(some: Sequence[str], others: Sequence[str]) -> bool:
    return float(alike([sound_key(" ".join(some))], [sound_key(" ".join(others))])[0][0]) >= SWAP_MIN


def _count_of(wording: _Wording, tried: Tried) -> _Count:
    if tried.way is Way.SAID:
        return wording.said
    return (wording.rephrased if tried.way is Way.REPHRASED else wording.rewritten).setdefault(tried.target, _Count())


def _place_of(heard: Heard) -> tuple[str, str, str]:
    kind = heard.prompt.kind if heard.prompt else ""
    return canonical(heard.utterance), kind, heard.context.room if heard.context else ""


def _best_end(wording: _Wording) -> tuple[float, int, Tried] | None:
    """What a wording was mostly rephrased to, where that is sure enough."""
    best = max(wording.ends(), key=lambda each: (each[0], each[1], each[2].target), default=None)
    return best if best is not None and best[1] >= ENDS_MIN and best[0] >= ENDS_SHARE else None


_UNHEARD_OF = _Wording()
"""What is known of a wording that the customer never said there. Nobody adds to it."""


def _left_alone(heard: Heard, wording: _Wording) -> Rewrite:
    """The utterance itself."""
    said, kind, room = _place_of(heard)
    last = wording.said.last or Tried(said, kind, room, Way.SAID, said, heard.utterance, "", 0, 0, date.min, "")
    as_said = wording.success_as_said()
    return _rewrite(last, said, chances=(as_said, as_said), times=wording.said.successes)


def _rewrite(tried: Tried, said: str, *, chances: tuple[float, float], times: int) -> Rewrite:
    """What is offered: the wording of what was tried, in place of what was heard here."""
    as_said, as_rewritten = chances
    return Rewrite(
        rewrite_id=rewrite_id_of(said, tried.prompt_kind, tried.wording, room=tried.room),
        source=said,
        prompt_kind=tried.prompt_kind,
        target=tried.wording,
        state=tried.state,
        risk=risk_of(tried.state, tried.wording),
        score=as_rewritten,
        success_as_said=as_said,
        success_as_rewritten=as_rewritten,
        support=1,
        times=times,
        evidence=(tried.turn_id,),
        room=tried.room,
    )


def is_sayable(tried: Tried) -> bool:
    """Whether a wording may be handed to an assistant at all."""
    return not has_command_prefix(tried.wording) and not has_control_characters(tried.wording)
