"""What an experiment came to where the truth is known: the arms, and what the rewrites did. A value; who counts is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from resay.experiment.bounds import Interval


@dataclass(frozen=True, slots=True)
class ArmTurns:
    """The turns of one arm."""

    customers: int
    turns: int
    defects: int

    @property
    def rate(self) -> float | None:
        """Share of defective turns."""
        return self.defects / self.turns if self.turns else None


@dataclass(frozen=True, slots=True)
class Week:
    """The arms in one week."""

    week: int
    """From 1, counted from the first day of learning."""
    control: ArmTurns
    treatment: ArmTurns


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rewriter did to the customers of the treatment arm, beside the same wishes of theirs with nothing rewritten."""

    reduction: Interval
    """Relative reduction of their defect rate: 0.2 means a fifth fewer."""
    triggers: int
    pairs: int
    """Different rewrites that were applied."""
    wins: int
    """Defective turns made right."""
    losses: int
    """Right turns made wrong, or refused turns turned into a wrong action."""
    win_loss: Interval
    """Wins over losses; no value where there is no loss. `lo` is the bound, to be called met where no reason stands against it."""
    harm: float | None
    """Right turns made wrong, over all right turns."""
    wrong_actions_caused: int
    """Refused turns turned into a wrong action."""

    @property
    def neutral(self) -> int:
        """The other triggers."""
        return self.triggers - self.wins - self.losses


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """One experiment: what an operator sees, and beside it what only a known world can tell."""

    control: ArmTurns
    """In the days that are scored."""
    treatment: ArmTurns
    reduction: Interval
    """Treatment's rate beside control's, in one look."""
    sequential: Interval
    """The same, with an interval that may be looked at daily."""
    measured: Interval
    """The same in one look, as the labels see it, without the truth."""
    ours: Effect
    reference: Effect
    """Of a table that was told the truth."""
    weeks: tuple[Week, ...] = ()
    note: str = ""
    """What the figures do not say."""
