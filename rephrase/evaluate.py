"""How well links agree with a truth: precision, recall, F1, average precision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from resay.dialogue.label import RephraseLink

Pair = tuple[str, str]
"""Turn ids of a first try and its second."""


@dataclass(frozen=True, slots=True)
class LinkScore:
    """Agreement of links with a truth at one threshold."""

    threshold: float
    found: int
    """Links at or above the threshold."""
    true: int
    """Links in the truth."""
    right: int
    """Links in both."""

    @property
    def precision(self) -> float:
        """Right over found; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Right over true; 0 where nothing is true."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2.0 * self.right / (self.found + self.true) if self.found + self.true else 0.0


def score_links(links: Iterable[RephraseLink], truth: AbstractSet[Pair], *, threshold: float) -> LinkScore:
    """Agreement of the links at or above a threshold with the true pairs."""
    found = {_pair(link) for link in links if link.probability >= threshold}
    return LinkScore(threshold, len(found), len(truth), len(found & truth))


def best_threshold(links: Sequence[RephraseLink], truth: AbstractSet[Pair]) -> float:
    """The threshold with the highest F1; to be chosen on other customers than those who are scored."""
    best, threshold, right = 0.0, 1.0, 0
    ranked = sorted(links, key=lambda link: -link.probability)
    for found, link in enumerate(ranked, start=1):
        right += _pair(link) in truth
        f1 = 2.0 * right / (found + len(truth))
        # A threshold cannot part links of equal probability.
        last_of_its_kind = found == len(ranked) or ranked[found].probability < link.probability
        if last_of_its_kind and f1 > best:
            best, threshold = f1, link.probability
    return threshold


def average_precision(links: Iterable[RephraseLink], truth: AbstractSet[Pair]) -> float:
    """The area under precision over recall, links by falling probability; true pairs that were not found count as never found."""
    right, area = 0, 0.0
    for found, link in enumerate(sorted(links, key=lambda link: (-link.probability, _pair(link))), start=1):
        if _pair(link) in truth:
            right += 1
            area += right / found
    return area / len(truth) if truth else 0.0


def _pair(link: RephraseLink) -> Pair:
    return link.source_turn_id, link.target_turn_id
