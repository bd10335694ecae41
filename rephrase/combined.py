"""The default detector: evidence weighed together into the chance of a rephrase. Needs no training, no domain, and no optional field.

For each candidate it gives the chance that this turn is the second try, where none before it was (a hazard): a logistic sum of weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from types import MappingProxyType

from rephrase.candidates import Bounds, candidates_of
from rephrase.evidence import Evidence, Standing, evidence_of, spoken_of
from rephrase.overlap import link_of
from rephrase.span import span_after
from resay.dialogue.label import RephraseLink
from resay.dialogue.session import Session
from resay.label.wordings import ENGLISH, Wordings

PROBABILITY_MIN = 0.05
"""Links less likely than this are left out: chance pairs of good turns, which would fill the table."""

_STANDINGS: Mapping[Standing, float] = MappingProxyType(
    {
        # 36 % of DSTC2's uncorrected failures are followed by a second try without one word in common; a refusal is taken at its word.
        Standing.REFUSED_UNREAD: -1.25,
        # "Understood, but there is none": what follows is as often another wish.
        Standing.REFUSED_READ: -2.5,
        Standing.UNREAD: -1.75,
        Standing.OPEN: -3.5,
        # DSTC2 gives −4, but there "done" is told from the next prompt and wrong twice as often as where the assistant logs it itself
        # (voice_home: wrong in 4.3 %, DSTC2: in 8.6 %).
        Standing.DONE: -4.75,
    }
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds that each piece of evidence adds, rounded to quarters.

    Fitted by logistic regression on one half of DSTC2's train callers and checked on the other (docs/log.md, 2026-11-21), except where a
    field says otherwise.
    """

    standings: Mapping[Standing, float] = field(default_factory=lambda: _STANDINGS)
    second_lag: float = -1.25
    later_lag: float = -2.0
    overlap: float = 3.0
    letters: float = 1.75
    likeness_after_done: float = 0.5
    """How much of the last two counts where the first was done. Set by judgement: there, likeness is as often a related wish ("and the
    bedroom lights"). DSTC2's own fit is near 1, but see its "done" above."""
    same_text: float = -1.25
    """Likeness alone promises too much for the very same words: those who repeat themselves often just go on."""
    alternative: float = 1.0
    differs: float = -1.0
    keeps: float = -2.0
    affirms: float = -1.5
    negative: float = 0.75
    doubt: float = 2.75
    """Times one less the NLU's confidence, where the first was read and not refused."""
    doubt_unknown: float = 0.2
    """What doubt is taken to be where no confidence is logged: DSTC2's mean."""
    denies: float = 5.0
    """Set by judgement: "no, I said …" makes a turn reported done into one more likely failed than not. DSTC2 has four such turns."""
    late: float = -1.5
    """Set by judgement: where silence nears the end of a session, a new wish is likelier. DSTC2's callers never wait that long."""


class CombinedDetector:
    """Weighs standing, likeness, readings, denial and time."""

    name = "combined"
    version = "1"

    def __init__(self, weights: Weights | None = None, *, bounds: Bounds | None = None, wordings: Wordings = ENGLISH) -> None:
        self._weights = weights or Weights()
        self._bounds = bounds or Bounds()
        self._wordings = wordings

    def links(self, session: Session) -> list[RephraseLink]:
        """All links of at least `PROBABILITY_MIN`; those of one source add up to at most one."""
        spoken = spoken_of(session, wordings=self._wordings)
        remarks = [each.remark for each in spoken]
        reads = any(turn.interpretations for turn in session.turns)
        links = []
        # The chance that no turn so far was the source's second try.
        open_still: dict[int, float] = {}
        for pair in candidates_of(session, self._bounds, remarks=remarks, wordings=self._wordings):
            evidence = evidence_of(spoken, pair, reads=reads, wordings=self._wordings)
            hazard = chance_of(evidence, self._weights)
            left = open_still.get(pair.source, 1.0)
            open_still[pair.source] = left * (1.0 - hazard)
            if left * hazard < PROBABILITY_MIN:
                continue
            source, target = spoken[pair.source], spoken[pair.target]
            span = span_after(target.turn.utterance, target.remark.prefix if target.denies and target.turn.rewrite is None else 0)
            links.append(link_of(source.turn, target.turn, probability=left * hazard, span=span, detector=f"{self.name}/{self.version}"))
        return links


def chance_of(evidence: Evidence, weights: Weights) -> float:
    """The chance that a candidate is the second try, if none before it was."""
    if evidence.approved:
        return 0.0
    done = evidence.standing is Standing.DONE
    # Asking for the same successful thing twice is a habit; only a denial makes it a second try.
    if done and evidence.same_request and not evidence.denies:
        return 0.0
    return 1.0 / (1.0 + exp(-_log_odds(evidence, weights)))


def _log_odds(evidence: Evidence, weights: Weights) -> float:
    doubted = evidence.standing in {Standing.OPEN, Standing.DONE}
    doubt = weights.doubt_unknown if evidence.doubt is None else evidence.doubt
    likeness = weights.overlap * evidence.overlap + weights.letters * evidence.letters
    lags = {1: 0.0, 2: weights.second_lag}
    return (
        weights.standings[evidence.standing]
        + lags.get(evidence.lag, weights.later_lag)
        + likeness * (weights.likeness_after_done if evidence.standing is Standing.DONE else 1.0)
        + weights.same_text * evidence.same_text
        + weights.alternative * evidence.alternative
        + weights.differs * evidence.differs
        + weights.keeps * evidence.keeps
        + weights.affirms * evidence.affirms
        + weights.negative * evidence.negative
        + weights.denies * evidence.denies
        + weights.doubt * doubt * doubted
        + weights.late * evidence.late
    )
