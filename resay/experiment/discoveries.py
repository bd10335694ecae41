"""Which of many found effects to believe: e-BH, so that of all that are called found few are not.

With e-values e₁ … e_K and k* the largest k for which the k-th largest is at least K / (k α), the k* largest are found; of these no more
than α are false on average, whatever the e-values have in common (Wang and Ramdas, "False discovery rate control with e-values", J. R.
Stat. Soc. B 84, 2022, Theorem 2). As e-processes may be stopped at any time, it holds at every look. Knows numbers and names.
"""

from __future__ import annotations

from collections.abc import Mapping

FALSE_SHARE_MAX = 0.05
"""α: of twenty that are called found, one may be false."""


def found_among(evidence: Mapping[str, float], alpha: float = FALSE_SHARE_MAX) -> frozenset[str]:
    """Names that are found; `evidence` must hold all that were looked at, however little speaks for them."""
    ordered = sorted(evidence, key=lambda name: (-evidence[name], name))
    enough = [place for place, name in enumerate(ordered, 1) if evidence[name] * place * alpha >= len(ordered)]
    return frozenset(ordered[: max(enough, default=0)])
