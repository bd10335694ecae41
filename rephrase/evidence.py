"""Evidence: what speaks for and against one turn being the second try at another, as numbers without a domain.

Whatever a log does not have (statuses, interpretations, hypotheses, times) leaves its evidence at the neutral value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from rephrase.candidates import GAP_MAX, Candidate
from rephrase.overlap import CHARS_COMPARED_MAX, letter_likeness, word_overlap
from resay.dialogue.session import Session
from resay.dialogue.text import canonical
from resay.dialogue.turn import Explicit, Interpretation, Turn, said
from resay.label.friction import denies
from resay.label.reading import is_done, is_read, is_refused
from resay.label.remark import Remark, RemarkKind, remark_of
from resay.label.wordings import ENGLISH, Wordings

HYPOTHESES_COMPARED = 5
"""Transcripts of the first try that are compared with the second: the mistaken words rarely change further down the list."""

FADES_AFTER = timedelta(seconds=20)
"""Silence up to which a second try is as likely at once as later: time to hear the answer out and think of other words. Set by judgement,
rather less than half of the silence that ends a session; no data that may ship has people's silences."""


class Standing(StrEnum):
    """How the first try stands, by what the assistant logged of it."""

    REFUSED_UNREAD = "refused_unread"
    """Refused, and nothing was made of the words, or an entity was not found."""
    REFUSED_READ = "refused_read"
    """Understood and not carried out."""
    UNREAD = "unread"
    """No status, and nothing was made of the words."""
    OPEN = "open"
    """No status, or the assistant asked back."""
    DONE = "done"
    """Reported done."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn with what evidence needs of it, prepared once."""

    turn: Turn
    texts: tuple[str, ...]
    """Canonical texts of what may have been said, the one acted on first."""
    words: tuple[frozenset[str], ...]
    """The words of each text."""
    remark: Remark
    denies: bool
    """Whether it denies the turn before."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a candidate."""

    standing: Standing
    lag: int
    overlap: float
    """Words shared, by the likest transcript of the first try; 0 to 1."""
    letters: float
    """Letters shared, by the likest transcript; 0 to 1."""
    same_text: bool
    same_request: bool
    """Same text or same interpretation."""
    alternative: bool
    """The second is read as the NLU might have read the first, and did not."""
    differs: bool
    """Both were read, and as different intents."""
    keeps: bool
    """Both were read, and share a slot value: the second builds on what was understood."""
    affirms: bool
    """The second is a bare "yes"."""
    denies: bool
    """The second says that the first was wrong."""
    negative: bool
    """The second begins with a "no" that answers a question."""
    doubt: float | None
    """One less the NLU's confidence in the first; nothing where there is none."""
    late: float
    """Silence beyond `FADES_AFTER` over what is left of `GAP_MAX`; 0 to 1."""
    approved: bool
    """The customer said that the first was right."""


def spoken_of(session: Session, *, wordings: Wordings = ENGLISH) -> list[Spoken]:
    """The turns of a session, prepared."""
    prepared: list[Spoken] = []
    for turn in session.turns:
        remark = remark_of(said(turn), wordings)
        denied = bool(prepared) and denies(turn, remark, after=prepared[-1].turn, wordings=wordings)
        texts = _texts(turn)
        prepared.append(Spoken(turn, texts, tuple(frozenset(text.split()) for text in texts), remark, denied))
    return prepared


def evidence_of(spoken: Sequence[Spoken], pair: Candidate, *, reads: bool, wordings: Wordings = ENGLISH) -> Evidence:
    """The evidence on one candidate; `reads` tells whether this assistant logs interpretations at all."""
    source, target = spoken[pair.source], spoken[pair.target]
    between = spoken[pair.source + 1 : pair.target]
    first, second = _reading(source.turn), _reading(target.turn)
    same_text = bool(target.texts[0]) and source.texts[0] == target.texts[0]
    return Evidence(
        standing=standing_of(
            source.turn, denied=any(each.denies and each.remark.is_bare for each in between), reads=reads, wordings=wordings
        ),
        lag=pair.lag,
        overlap=max(word_overlap(said_words, target.words[0]) for said_words in source.words),
        letters=max(letter_likeness(text, target.texts[0]) for text in source.texts),
        same_text=same_text,
        same_request=same_text or _same(first, second),
        alternative=not _same(first, second) and any(_same(each, second) for each in source.turn.interpretations[1:]),
        differs=first is not None and second is not None and (first.domain, first.intent) != (second.domain, second.intent),
        keeps=first is not None and second is not None and any(second.slots.get(slot) == value for slot, value in first.slots.items()),
        affirms=target.remark.kind is RemarkKind.AFFIRMATIVE,
        denies=target.denies and pair.lag == 1,
        negative=target.remark.kind is RemarkKind.NEGATIVE and not target.denies,
        doubt=None if first is None or first.confidence is None else 1.0 - min(1.0, max(0.0, first.confidence)),
        late=max(0.0, min(1.0, (pair.gap - FADES_AFTER) / (GAP_MAX - FADES_AFTER))),
        approved=source.turn.feedback is not None and source.turn.feedback.explicit is Explicit.YES,
    )


def standing_of(turn: Turn, *, denied: bool, reads: bool, wordings: Wordings = ENGLISH) -> Standing:
    """How a turn stands; what the customer denied or marked wrong was not done, whatever the assistant says."""
    marked_wrong = turn.feedback is not None and turn.feedback.explicit is Explicit.NO
    if denied or marked_wrong:
        return Standing.REFUSED_UNREAD
    if is_refused(turn, wordings):
        return Standing.REFUSED_READ if is_read(turn) else Standing.REFUSED_UNREAD
    if is_done(turn):
        return Standing.DONE
    return Standing.UNREAD if reads and not is_read(turn) else Standing.OPEN


def _texts(turn: Turn) -> tuple[str, ...]:
    heard = [said(turn), *(hypothesis.text for hypothesis in turn.hypotheses[:HYPOTHESES_COMPARED])]
    # Cut before and after: canonical text of one character can be several.
    texts = [canonical(text[:CHARS_COMPARED_MAX])[:CHARS_COMPARED_MAX] for text in heard]
    return tuple(dict.fromkeys(texts))


def _reading(turn: Turn) -> Interpretation | None:
    return turn.interpretations[0] if is_read(turn) else None


def _same(one: Interpretation | None, other: Interpretation | None) -> bool:
    if one is None or other is None:
        return False
    return (one.domain, one.intent, one.slots) == (other.domain, other.intent, other.slots)
