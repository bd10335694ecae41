"""A candidate: what the chain proposes to say instead of a wording, with what speaks for it; and the bar that it must clear.

Pure: everything that is weighed stands in the candidate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from markov.score import Chance, both, bound_below, chance, gain_below
from markov.steps import Floors
from resay.dialogue.rewrite import Place, Rewrite, Risk
from resay.store.rewrites import rewrite_id_of


class Declined(StrEnum):
    """Why a wording that customers had to follow up with another gets no rewrite."""

    SUCCEEDS_ALREADY = "succeeds_already"
    """As said it succeeds often enough, or it is not known that it does not."""
    NO_WORDING = "no_wording"
    """No other wording of what was meant was said by enough customers in that context."""
    SAME_MEANING = "same_meaning"
    """The assistant takes both wordings for the same: words are not the trouble."""
    TOO_FEW_CUSTOMERS = "too_few_customers"
    """Fewer customers than the floor ended where the wording leads."""
    GOALS_DIFFER = "goals_differ"
    """Customers who said it meant different things."""
    TARGET_FAILS = "target_fails"
    """The wording itself fails too often."""
    THIN_EVIDENCE = "thin_evidence"
    """It may be better; it is not sure enough."""
    LEARNT = "learnt"
    """Lately it succeeds as said, whatever it did before: the assistant has learnt it."""
    BLOCKED = "blocked"
    """It was served, and lost; it does not come back for a while."""
    SAME_ELSEWHERE = "same_elsewhere"
    """It would hold in one place only, and nothing shows clearly enough that the wording is another matter elsewhere."""
    CHAINED = "chained"
    """A better rewrite begins where this one ends, or ends where it begins; one hop is served."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a candidate must clear; the second figure of a pair is for high risk."""

    floors: Floors = field(default_factory=Floors)
    source_success_max: float = 0.5
    """A wording that succeeds more often than this is left alone: harm on good traffic is the first number that we report."""
    target_success_min: float = 0.5
    """Lower bound of the target's own success."""
    share_min: tuple[float, float] = (0.7, 0.9)
    """Share of the successful talk after the source that the target stands for. Of the rest most is chance that corroboration left over,
    and not another meaning: on a made log of another seed than the one that ships, 0.7 brought a sixth more wins than 0.8 and no loss."""
    gain_min: tuple[float, float] = (0.1, 0.3)
    """Lower bound of the gain in success: below a tenth the bother of explaining a rewrite outweighs it."""
    customers_factor: tuple[int, int] = (1, 3)
    """Customers that must stand behind it, as a multiple of the floor."""
    confidence: float = 0.95
    """Of every lower bound."""


@dataclass(frozen=True, slots=True)
class Weight:
    """Counted weight of one wording as it was said."""

    success: float
    otherwise: float
    """Failed, or followed by another try."""

    def chance(self) -> Chance:
        """What is believed of its success."""
        return chance(self.success, self.otherwise)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One wording instead of another, with what speaks for it."""

    source: str
    kind: str
    wording: str
    """Canonical text of what would be said instead."""
    spelling: str
    """The wording as it was most often written: what is handed to the assistant."""
    state: str
    """The state that the wording most often reached for those who began with the source."""
    risk: Risk
    exit_probability: float
    """N[s, t]·R[t, success], over the states t that the wording is taken for."""
    share: float
    """The same as a share of all success after the source."""
    customers_ending: int
    """Customers who began with the source and succeeded later, in whatever words."""
    support: int
    """Those among them who succeeded by what the wording is taken for."""
    times: int
    source_weight: Weight
    wording_weight: Weight
    room: str = ""
    """The room of whose turns all this is told; empty: of any."""
    device_type: str = ""
    """The kind of device of whose turns it is told."""

    @property
    def place(self) -> Place:
        """Where it would hold."""
        return Place(self.kind, self.room, self.device_type)

    def as_rewritten(self) -> Chance:
        """The chance that a customer who says the source succeeds by the wording: meant that, and it works."""
        meant = chance(self.share * self.customers_ending, (1.0 - self.share) * self.customers_ending)
        return both(meant, self.wording_weight.chance())

    def as_rewrite(self, evidence: tuple[str, ...] = ()) -> Rewrite:
        """What it becomes where it is chosen; `evidence` are the turns that show it."""
        place = self.place
        return Rewrite(
            rewrite_id=rewrite_id_of(self.source, place.kind, self.spelling, room=place.room, device_type=place.device_type),
            source=self.source,
            prompt_kind=place.kind,
            target=self.spelling,
            state=self.state,
            risk=self.risk,
            score=self.exit_probability,
            success_as_said=self.source_weight.chance().mean,
            success_as_rewritten=self.as_rewritten().mean,
            support=self.support,
            times=self.times,
            evidence=evidence,
            room=place.room,
            device_type=place.device_type,
        )

    def gain(self, confidence: float) -> float:
        """Lower bound of what is gained."""
        return gain_below(self.as_rewritten(), self.source_weight.chance(), confidence=confidence)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A candidate, and what the bar made of it."""

    candidate: Candidate
    gain: float
    """Lower bound of what is gained."""
    declined: Declined | None
    """Why it does not clear the bar; nothing where it does."""

    @property
    def source(self) -> tuple[str, str]:
        """What it is for: canonical text and prompt kind."""
        return self.candidate.source, self.candidate.kind


@dataclass(frozen=True, slots=True)
class Hurdle:
    """One thing that a candidate must clear."""

    declined: Declined
    """Why a candidate is declined that does not clear it."""
    reached: float
    least: float

    @property
    def is_cleared(self) -> bool:
        """Whether it is."""
        return not self.reached < self.least


def hurdles(candidate: Candidate, bar: Bar) -> Iterator[Hurdle]:
    """What the candidate must clear, in order; later ones take longer to work out."""
    level = int(candidate.risk is Risk.HIGH)
    target = candidate.wording_weight
    yield Hurdle(Declined.TOO_FEW_CUSTOMERS, candidate.support, bar.floors.customers_min * bar.customers_factor[level])
    yield Hurdle(Declined.GOALS_DIFFER, candidate.share, bar.share_min[level])
    sure = bound_below(target.success, target.otherwise, confidence=bar.confidence)
    yield Hurdle(Declined.TARGET_FAILS, sure, bar.target_success_min)
    yield Hurdle(Declined.THIN_EVIDENCE, candidate.gain(bar.confidence), bar.gain_min[level])


def weigh(candidate: Candidate, bar: Bar) -> Declined | None:
    """Why the candidate does not clear the bar; nothing where it does."""
    return next((each.declined for each in hurdles(candidate, bar) if not each.is_cleared), None)
