"""What `resay demo` prints of its experiment: every figure with its interval, and a sentence where an interval does not tell."""

from __future__ import annotations

from rich.table import Table

from resay.commands.console import console
from resay.experiment.bounds import Interval
from resay.experiment.result import ArmTurns, Effect, ExperimentResult


def tell_result(result: ExperimentResult, *, learning_days: int) -> None:
    """Arms, reductions, what the rewrites did, and the reference beside them."""
    ours, reference = result.ours, result.reference
    console.print(f"[bold]The arms beside each other[/bold] after day {learning_days}; truth known, no recording of these days learnt from")
    console.print(_arms(result))
    _say(f"Between the arms: {change(result.reduction)} defects, in one look at {span(result.reduction)}{_unsure(result.reduction)}")
    _say(f"  if looked at daily: {span(result.sequential)}")
    _say(f"  as the labels see it, without the truth: {change(result.measured)}, {span(result.measured)}")
    _say(f"The same wishes of the treatment arm, with and without us: {change(ours.reduction)} defects, {span(ours.reduction)}")
    _say(f"  {_did(ours)}")
    _say(f"  harm: {_share(ours.harm)} of the turns that were right")
    _say(f"A table that was told the truth, on the same wishes: {change(reference.reduction)}, {span(reference.reduction)}")
    _say(f"  {_did(reference)}")
    _say(f"  harm: {_share(reference.harm)} of the turns that were right")


def change(reduction: Interval) -> str:
    """A relative reduction as a change of defects."""
    return "no change that can be told" if reduction.value is None else f"{-reduction.value:+.1%}".replace("-", "−")


def span(reduction: Interval) -> str:
    """The interval of a change, or why there is none."""
    if reduction.lo is None or reduction.hi is None:
        return f"no interval ({reduction.reason.replace('_', ' ') or 'nothing to tell it by'})"
    return f"95 % interval {-reduction.hi:+.1%} to {-reduction.lo:+.1%}".replace("-", "−")


def _unsure(reduction: Interval) -> str:
    if reduction.lo is None or reduction.hi is None or not reduction.lo < 0 < reduction.hi:
        return ""
    return ": not clear of zero, as arms of this size differ by chance alone"


def _arms(result: ExperimentResult) -> Table:
    table = Table()
    table.add_column("arm")
    for name in ("customers", "turns", "defects", "share"):
        table.add_column(name, justify="right")
    for name, arm in (("control", result.control), ("treatment", result.treatment)):
        table.add_row(name, *_cells(arm))
    return table


def _cells(arm: ArmTurns) -> tuple[str, ...]:
    return f"{arm.customers:,}", f"{arm.turns:,}", f"{arm.defects:,}", _share(arm.rate, digits=1)


def _did(effect: Effect) -> str:
    return (
        f"{effect.triggers:,} turns rewritten, by {effect.pairs:,} different rewrites: {effect.wins:,} made right, "
        f"{effect.losses:,} made wrong ({effect.wrong_actions_caused:,} wrong actions), {effect.neutral:,} neither"
    )


def _share(value: float | None, *, digits: int = 2) -> str:
    return "unknown" if value is None else f"{value:.{digits}%}"


def _say(sentence: str) -> None:
    console.print(f"  {sentence}", markup=False, soft_wrap=True)
