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
        # Nearly all that an assistant refuses it got wrong; after that about half are said again next (49 %: EVALUATION, section 2).
        Standing.REFUSED_UNREAD: -2.0,
        # Ten simulated turns in 6,000 are refused though read: too few to tell apart.
        Standing.REFUSED_READ: -2.0,
        Standing.UNREAD: -2.0,
        Standing.OPEN: -5.0,
        # The farthest that a fit gives (−5.0 to −5.5): other assistants fail their customers less often than the lab's.
        Standing.DONE: -5.5,
    }
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds that each piece of evidence adds, rounded to halves.

    Fitted by logistic regression on simulated logs of a home (`benchmarks/calibrate_detector.py`; docs/log.md, 2026-11-21), except where
    a field says otherwise. No label of a corpus went in.
    """

    standings: Mapping[Standing, float] = field(default_factory=lambda: _STANDINGS)
    second_lag: float = -1.5
    later_lag: float = -2.0
    likeness: float = 4.0
    """Times shared words plus shared letters, both from 0 to 1: fitted apart, they weigh the same."""
    likeness_unrefused: float = 0.5
    """How much of likeness counts where the first was not refused: there it is as often a related wish ("and the bedroom lights")."""
    repeats: float = -2.5
    """The very same words where it is not known what became of the first: many a request that is repeated so had worked. The fits give −2.5
    to −3.0; the weakest, as the lab's rate of repeated successes is made up."""
    alternative: float = 1.0
    differs: float = -0.5
    doubt: float = 6.0
    """Times the chance that the first was misread, where it was not refused: one less the NLU's confidence."""
    doubt_open: float = 0.35
    """That chance where neither confidence nor outcome is logged: as many turns fail in the lab (EVALUATION, section 2: about a third)."""
    doubt_done: float = 0.05
    """That chance where no confidence is logged, and the first is reported done (`resay.label.goals_by_rule.DONE`)."""
    denies: float = 5.0
    """Set by judgement: "no, I said …" makes a turn reported done into one more likely failed than not."""
    negative: float = 1.0
    """A "no" that answers a question. Set by judgement: it says that the question had mistaken the first. The lab asks nothing."""
    affirms: float = -1.0
    """A bare "yes". Set by judgement: the opposite of the last."""
    late: float = -1.5
    """Set by judgement: where silence nears the end of a session, a new wish is likelier. The lab's silences are made up, so not fitted."""


class CombinedDetector:
    """Weighs standing, likeness, readings, denial and time."""

    name = "combined"
    version = "2"

    def __init__(
        self,
        weights: Weights | None = None,
        *,
        bounds: Bounds | None = None,
        wordings: Wordings = ENGLISH,
        probability_min: float = PROBABILITY_MIN,
    ) -> None:
        self._weights = weights or Weights()
        self._probability_min = probability_min
        self._bounds = bounds or Bounds()
        self._wordings = wordings

    def links(self, session: Session) -> list[RephraseLink]:
        """All links of at least the least probability; those of one source add up to at most one."""
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
            if left * hazard < self._probability_min:
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
    standing = evidence.standing
    unrefused = standing in {Standing.OPEN, Standing.DONE}
    likeness = weights.likeness * (evidence.overlap + evidence.letters)
    lags = {1: 0.0, 2: weights.second_lag}
    return (
        weights.standings[standing]
        + lags.get(evidence.lag, weights.later_lag)
        + likeness * (weights.likeness_unrefused if unrefused else 1.0)
        + weights.repeats * (evidence.same_text and standing is Standing.OPEN)
        + weights.doubt * (_doubt(evidence, weights) if unrefused else 0.0)
        + weights.alternative * evidence.alternative
        + weights.differs * evidence.differs
        + weights.affirms * evidence.affirms
        + weights.negative * evidence.negative
        + weights.denies * evidence.denies
        + weights.late * evidence.late
    )


def _doubt(evidence: Evidence, weights: Weights) -> float:
    """The chance that the first was misread."""
    if evidence.doubt is not None:
        return evidence.doubt
    return weights.doubt_done if evidence.standing is Standing.DONE else weights.doubt_open
