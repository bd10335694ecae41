"""The global layer: what many customers succeeded with, for words that nobody need have said before.

Gathers candidates, lets the ranker weigh them, and offers the best. Whether it is good enough is the gate's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from resay.dialogue.leaning import Told
from resay.dialogue.rewrite import Heard, Layer, Rewrite, RewriteRequest, Risk
from resay.dialogue.text import canonical
from resay.dialogue.wording import Fared, Wording
from resay.store.rewrites import rewrite_id_of
from rewrite_online.ahead import Ahead
from rewrite_online.candidate import Candidate, Chances, Weigher
from rewrite_online.leanings import NO_LEANINGS, Leanings, chance_here
from rewrite_online.meaning import Meaning
from rewrite_online.own_record import chance_as_said, chance_by_record, record_of
from rewrite_online.recall import Recall, Recalled

NEAR_MIN = 0.6
"""Nearness by spelling that a candidate must have to some wording of its state: pieces alone are little ground. On the tuned voices nearly
all harm was where it lacked."""

UNLIKE_MIN, UNLIKE_MARGIN = 0.8, 0.15
"""Chance of success, and lead over the words as said, from which a candidate needs no such nearness, unless it is risky. From 0.6 on did
well on the tuned voices, and on others took noise for requests: nine in ten thousand right turns; from 0.8 on none was met
(docs/log.md, 2026-11-22)."""

TOLD_MIN = 0.5
"""How sure the pieces must be of what is not near, and of what is near where the very words are known: of what is neither near nor told by
its pieces three were lost for one won, and all of what is known and not told."""

UNLIKE_BRIEF_MIN, UNLIKE_BRIEF_MEANT_MIN = 0.5, 0.6
"""The same chance for what is brief, and how sure its pieces must be: commands are brief, and noise that is taken for words mostly is not.
On voices left out of learning 463 turns were won by this and the lower bar together, and 39 lost (docs/log.md, 2026-11-22)."""

BRIEF_WORDS = range(3, 6)
"""Words of what is brief. Of two, thirteen of 43 were lost."""

RECORDED_MIN = 0.4
"""Chance of success that a candidate must have that was said before: a ranker is too modest, and what came of it is what it is."""

MEANING_MIN, MEANING_LEAD = 0.65, 0.05
"""Nearness of meaning, and lead over wordings of other states, from which words mean the same though no piece of them is known. Chosen on
typed talk, of which half of the wordings that fail were held back: 545 turns were won by it and 25 lost (docs/log.md, 2026-11-22)."""

MEANING_CHANCE = 0.9
"""Chance of success that such a candidate has at least: less than what was found then, as it was chosen there. Its own record may tell
otherwise."""

WANTED_MIN = 0.5
"""Chance that a state is wanted, by what is so where words are said, from which no nearness to any of its wordings is needed."""

AS_SAID_MAX = 0.5
"""Words that are likelier to succeed as said are not put into others for their meaning alone."""


@dataclass(frozen=True, slots=True)
class Considered:
    """One candidate with what speaks for it, for people who ask."""

    candidate: Candidate
    as_said: float
    as_rewritten: float
    said: Wording | None = None
    """What is known of the text as it was heard."""
    by_ranker: float = 0.0
    """What the ranker alone says, before how it fared when it was said for others."""
    fared: Fared | None = None
    """How that was; nothing where it is not known."""
    is_tail: bool = False
    """Whether it is what the second of two words that were heard means by itself."""
    by_meaning: bool = False
    """Whether it means clearly the same as what was said."""
    is_mistaken: bool = False
    """Whether its state is one that few mean who are taken to."""
    is_brief: bool = False
    """Whether as few words were heard as commands have."""
    told: Told | None = None
    """What is so where it was said makes of it; nothing where it makes nothing of it."""

    @property
    def wanted(self) -> float:
        """Chance that its state is wanted here, by what is so here; 0 where that says nothing."""
        return self.told.wanted(self.candidate.wording.state) if self.told else 0.0

    @property
    def has_ground(self) -> bool:
        """Whether what was heard means or is written like some wording of the state, or what speaks for it is strong without that.

        Never where the state is what the last of two words means: the first is then part of a longer one, and turns it round. Who is heard
        to say "and pause" or "but pause" says "unpause". And never where its own record speaks against it, nor where few mean that
        state: what comes behind it is then no better guess.
        """
        if self.is_tail or self.is_mistaken or (self.fared is not None and self.as_rewritten < RECORDED_MIN):
            return False
        if self.by_meaning or self.wanted >= WANTED_MIN:
            return True
        meant = self.candidate.meant.chance if self.candidate.meant else 0.0
        if (self.candidate.nearest.spelling or 0.0) >= NEAR_MIN:
            # Enough customers have said it for pieces to tell it, were it meant.
            return self.said is None or meant >= TOLD_MIN
        if self.candidate.wording.risk is Risk.HIGH:
            return False
        least = UNLIKE_BRIEF_MIN if self.is_brief and meant >= UNLIKE_BRIEF_MEANT_MIN else UNLIKE_MIN
        return meant >= TOLD_MIN and self.as_rewritten >= least and self.as_rewritten - self.as_said > UNLIKE_MARGIN


class GlobalLayer:
    """Rewrites of a generation's wordings, by its ranker; safe to share between threads."""

    layer: Final = Layer.GLOBAL

    def __init__(self, recall: Recall, *, meaning: Meaning, weigher: Weigher, leanings: Leanings = NO_LEANINGS) -> None:
        self._recall = recall
        self._leanings = leanings
        self._meaning = meaning
        self._weigher = weigher

    def __len__(self) -> int:
        return len(self._recall.targets)

    def examples(self, at_most: int) -> Sequence[str]:
        """Some of what it says for others."""
        return [each.text for each in islice(self._recall.targets.values(), at_most)]

    @property
    def words(self) -> frozenset[str]:
        """Words that many customers say with success."""
        return self._recall.words

    def out_of_place(self, heard: Heard, rewrite: Rewrite) -> bool:
        """Whether a rewrite, of whatever layer, is not what is wanted where and when it would be said."""
        return self._leanings.out_of_place(heard, rewrite)

    def known(self, heard: Heard) -> Wording | None:
        """What is known of the very words that were heard; nothing where too few customers say them."""
        return self._recall.known(heard)

    def at_once(self, _request: RewriteRequest) -> bool:
        """Never: candidates cost milliseconds, and more where an encoder runs."""
        return False

    def ahead(self, request: RewriteRequest) -> Ahead | None:
        """What may be done before candidates are asked for; nothing where no encoder need be run for them."""
        return self._recall.ahead(request.heard, self._meaning)

    def offers(self, request: RewriteRequest) -> bool:
        """Whether the utterance is the very wording that this layer says for others: then nobody need change it, and one hop is all."""
        return self._recall.is_target(request.heard)

    def candidates(self, request: RewriteRequest) -> Sequence[Rewrite]:
        """What could be said instead, best first; nothing where the best is but a guess by pieces."""
        said, kind = canonical(request.heard.utterance), request.heard.prompt.kind if request.heard.prompt else ""
        found = self.consider(request)
        return [_rewrite(said, kind, each) for each in found] if found and found[0].has_ground else []

    def consider(self, request: RewriteRequest) -> Sequence[Considered]:
        """All candidates with what was seen of them and their chances, the likeliest to succeed first."""
        found = self._recall.gather(request.heard, self._meaning, self._leanings)
        if not found.candidates:
            return ()
        chances = self._weigher.weigh(request, found.said, found.candidates)
        return _in_order(found, chances, is_brief=len(canonical(request.heard.utterance).split()) in BRIEF_WORDS)


def _in_order(found: Recalled, chances: Chances, *, is_brief: bool) -> list[Considered]:
    as_said = chance_as_said(chances.as_said, found.said)
    own = found.told_as_said
    as_said = chance_here(as_said, own.as_said, own) if own else as_said
    clear = _clear_by_meaning(found.candidates) if as_said <= AS_SAID_MAX else None
    weighed = []
    for each, chance in zip(found.candidates, chances.rewritten, strict=True):
        if own and each.wording.state == own.leaning.state:
            continue  # Other words for what the very words reach are no better than these.
        fared = record_of(found.counts_for, each.wording.state, is_near=found.said is None)
        told = max(chance, MEANING_CHANCE) if each is clear else chance
        as_rewritten, is_tail = _here(chance_by_record(told, fared), each, found=found, fared=fared), each.wording.state in found.tails
        weighed.append(
            Considered(
                each,
                as_said,
                as_rewritten,
                said=found.said,
                by_ranker=chance,
                fared=fared,
                is_tail=is_tail,
                by_meaning=each is clear,
                is_mistaken=each.wording.state in found.mistaken,
                is_brief=is_brief,
                told=found.told,
            )
        )
    return sorted(weighed, key=lambda each: -each.as_rewritten)


def _here(chance: float, candidate: Candidate, *, found: Recalled, fared: Fared | None) -> float:
    """A candidate's chance once it is known what is so here. A record that is good elsewhere lifts nothing here, a bad one stops it."""
    if found.told is None:
        return chance
    wanted = found.told.wanted(candidate.wording.state) * candidate.wording.success
    here = chance_here(chance, wanted, found.told, is_near=found.told_as_said is None)
    return min(here, chance_by_record(here, fared))


def _clear_by_meaning(candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate that means the same as what was said, where one clearly does and is not risky."""
    near = sorted(((each.nearest.meaning or 0.0, -place) for place, each in enumerate(candidates)), reverse=True)
    if not near or near[0][0] < MEANING_MIN or (len(near) > 1 and near[0][0] - near[1][0] < MEANING_LEAD):
        return None
    best = candidates[-near[0][1]]
    return best if best.wording.risk is not Risk.HIGH else None


def _rewrite(said: str, kind: str, considered: Considered) -> Rewrite:
    wording, meant = considered.candidate.wording, considered.candidate.meant
    return Rewrite(
        rewrite_id=rewrite_id_of(said, kind, wording.text),
        source=said,
        prompt_kind=kind,
        target=wording.text,
        state=wording.state,
        risk=wording.risk,
        score=max(
            meant.chance if meant else 0.0, considered.wanted, considered.candidate.nearest.meaning or 0.0 if considered.by_meaning else 0.0
        ),
        success_as_said=considered.as_said,
        success_as_rewritten=considered.as_rewritten,
        support=wording.customers,
        times=round(wording.times),
        evidence=wording.evidence,
    )
