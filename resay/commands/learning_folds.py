"""What pieces of texts mean, learnt from all, and again without each group of customers who sound alike.

The ranker is grown on what it will meet: voices that nobody has heard. Where groups are not told apart, texts are parted instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from markov.voices import NO_VOICE
from markov.wordings import Heard, Spoken
from resay.dialogue.text import canonical
from resay.dialogue.turn import said
from resay.dialogue.wording import Wording
from rewrite_online.fit_meaning import Lesson, common_pieces, fit_meaning
from rewrite_online.lessons import Came, Learnt, Without, fold_of_text
from rewrite_online.meaning import Meaning, Weights
from rewrite_online.recall import Recall

TEXT_FOLDS = 2
"""Parts of the texts where no voices are told apart: two cost half as much as four, and chances come out a little low."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """What was learnt."""

    whole: Weights
    """From all: what is served."""
    without: Without
    """Of a turn, what was learnt from others."""


def meanings_of(heard: Heard, wordings: Sequence[Wording], recall: Recall, *, k: int) -> Meanings | None:
    """What pieces mean; nothing where there are too few states to tell apart."""
    pieces = common_pieces(heard.speakers, customers_min=k)
    states = {state for state, _ in recall.targets}
    whole = fit_meaning(lessons_of(heard.spoken), pieces, states)
    if whole is None:
        return None
    voices = sorted({each.voice for each in heard.spoken} - {NO_VOICE})
    told = _told(_by_voice(heard.spoken, voices), pieces, states) if len(voices) > 1 else None
    if told is None:
        # Of one voice, or where nearly all is of one, too little is left without it.
        parts = _told(_by_text(heard.spoken), pieces, states)
        return Meanings(whole, partial(_of_text, recall, parts)) if parts else None
    by_voice = {voice: Learnt(recall.knowing(known_without(voice, heard.spoken, wordings, k=k)), told[voice], voice) for voice in voices}
    # Whoever is in no group was hardly ever misheard, and nobody else says what they say in vain.
    of_all = Learnt(recall, Meaning(whole))
    return Meanings(whole, lambda came: by_voice.get(NO_VOICE if came.voice is None else came.voice, of_all))


def lessons_of(spoken: Iterable[Spoken], *, without: int | None = None) -> list[Lesson]:
    """The texts by room, without those of one group, whoever else said them together."""
    sums: dict[tuple[str, str, str], tuple[dict[str, float], list[float]]] = {}
    for each in spoken:
        if each.voice != without:
            meant, fared = sums.setdefault((each.kind, each.text, each.room), ({}, [0.0, 0.0]))
            fared[0] += each.right
            fared[1] += each.wrong
            for state, weight in each.meant.items():
                meant[state] = meant.get(state, 0.0) + weight
    return [Lesson(text, room, meant, right, wrong) for (_, text, room), (meant, (right, wrong)) in sums.items()]


def known_without(voice: int, spoken: Iterable[Spoken], wordings: Iterable[Wording], *, k: int) -> list[Wording]:
    """What would be known of wordings had a group not said them: how they fared with the others, where these are enough customers."""
    fared: dict[tuple[str, str], list[tuple[int, float, float, float]]] = defaultdict(list)
    states = {(each.text, each.prompt_kind): each.state for each in wordings}
    for each in spoken:
        state = states.get((each.text, each.kind))
        if state is not None:
            fared[each.text, each.kind].append((each.voice, each.right, each.wrong, min(each.right, each.meant.get(state, 0.0))))
    return [other for each in wordings if (other := _of_others(each, fared[each.text, each.prompt_kind], voice)).customers >= k]


def _of_others(wording: Wording, fared: Sequence[tuple[int, float, float, float]], voice: int) -> Wording:
    judged = sum(right + wrong for _, right, wrong, _ in fared)
    others = [(right + wrong, won) for each, right, wrong, won in fared if each != voice]
    times, won = sum(times for times, _ in others), sum(won for _, won in others)
    # Customers are not counted by voice: as many of them as of the turns.
    customers = round(wording.customers * times / judged) if judged else 0
    return replace(wording, customers=customers, times=times, success=((won if wording.state else 0.0) + 1) / (times + 2))


Parts = Iterable[tuple[int, list[Lesson]]]


def _told(parts: Parts, pieces: Sequence[str], states: set[str]) -> dict[int, Meaning] | None:
    """What pieces mean by each part; nothing where one of them is too little."""
    told: dict[int, Meaning] = {}
    for part, lessons in parts:
        weights = fit_meaning(lessons, pieces, states)
        if weights is None:
            return None
        told[part] = Meaning(weights)
    return told


def _of_text(recall: Recall, told: Mapping[int, Meaning], came: Came) -> Learnt:
    return Learnt(recall, told[fold_of_text(canonical(said(came.turn)), TEXT_FOLDS)])


def _by_voice(spoken: Sequence[Spoken], voices: Sequence[int]) -> Parts:
    return ((voice, lessons_of(spoken, without=voice)) for voice in voices)


def _by_text(spoken: Sequence[Spoken]) -> Parts:
    lessons = lessons_of(spoken)
    return ((fold, [each for each in lessons if fold_of_text(each.text, TEXT_FOLDS) != fold]) for fold in range(TEXT_FOLDS))
