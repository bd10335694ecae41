"""How a rewrite fares on trial: what came of the turns that it was put into, and of those held out. Values, and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from resay.dialogue.rewrite import Reason, Rewrite
from resay.experiment.evidence import Outcomes, Phase, added, for_better, for_broken_promise, for_worse
from resay.experiment.promote import Stage
from resay.store.trial_rows import APPLIED
from resay.store.trials import StageRow, TrialBooks, TrialSum
from rewrite_online.gate import Vetoes, judge
from serving.dashboard.words import percent


@dataclass(frozen=True, slots=True)
class Fared:
    """One rewrite on trial; a trial is a customer's first turn of a day for which it was ready."""

    stage: Stage = Stage.CANARY
    why: str = ""
    """Why it came to this stage."""
    phases: tuple[Phase, ...] = ()
    waiting: int = 0
    """Trials of which labels do not tell yet what came of them."""

    @property
    def applied(self) -> Outcomes:
        """Where it was said: wins and losses."""
        return sum((each.applied for each in self.phases), Outcomes())

    @property
    def held_out(self) -> Outcomes:
        """Where the words went on as they were."""
        return sum((each.held_out for each in self.phases), Outcomes())

    @property
    def spared(self) -> float | None:
        """Defects spared, as the hold-out has it; below nought: caused. Nothing before both have trials."""
        rewritten, said = self.applied, self.held_out
        if not _times(rewritten) or not _times(said):
            return None
        return rewritten.right - _times(rewritten) * said.right / _times(said)

    @property
    def words(self) -> str:
        """In half a sentence; empty where it was not tried yet."""
        if not self.phases and not self.waiting:
            return ""
        told = f"as rewritten {_ratio(self.applied)} right, held out {_ratio(self.held_out)}"
        return f"{STAGE_NAMES[self.stage]}: {told}" + (f", {self.waiting} not told yet" if self.waiting else "")


STAGE_NAMES = {Stage.CANARY: "on trial", Stage.LIVE: "promoted", Stage.TAKEN_BACK: "rolled back"}
"""What people call a stage."""

UNTRIED = Fared()


def fared_of(sums: Sequence[TrialSum], stages: Sequence[StageRow]) -> dict[str, Fared]:
    """All that were ever tried, by id."""
    by_id: dict[str, list[TrialSum]] = {}
    for each in sums:
        by_id.setdefault(each.rewrite_id, []).append(each)
    known = {each.rewrite_id: each for each in stages}
    return {name: _fared(by_id.get(name, ()), known.get(name)) for name in (*by_id, *(each for each in known if each not in by_id))}


def read_fared(trials: TrialBooks) -> dict[str, Fared]:
    """The same, as the books have it.

    Raises: BooksUnavailable.
    """
    return fared_of(trials.sums(), trials.stages())


def fared_json(fared: Fared) -> dict[str, object]:
    """As HTTP and command line tell it."""
    return {
        "stage": fared.stage.value,
        "why": fared.why,
        "wins": fared.applied.right,
        "losses": fared.applied.wrong,
        "held_out": asdict(fared.held_out),
        "waiting": fared.waiting,
        "spared": fared.spared,
        "evidence": evidence_of(fared),
    }


def state_of(rewrite: Rewrite, vetoes: Vetoes, fared: Mapping[str, Fared]) -> Reason:
    """`REWRITTEN` where a rewrite of the table is served, or why not."""
    found = judge(rewrite, vetoes=vetoes)
    rolled_back = fared.get(rewrite.rewrite_id, UNTRIED).stage is Stage.TAKEN_BACK
    return Reason.TAKEN_BACK if rolled_back and found is Reason.REWRITTEN else found


def evidence_of(fared: Fared) -> Mapping[str, float]:
    """E-values: for better and worse than as said, and against its promise."""
    return {
        "better": for_better(fared.phases),
        "worse": for_worse(fared.phases),
        "broken_promise": for_broken_promise(fared.applied),
    }


def _fared(sums: Sequence[TrialSum], row: StageRow | None) -> Fared:
    phases, waiting = [], 0
    for each in sums:
        if not each.outcome:
            waiting += each.times
            continue
        told = Outcomes(each.times, 0) if each.outcome == "right" else Outcomes(0, each.times)
        phases.append(Phase(each.share, applied=told) if each.drawn == APPLIED else Phase(each.share, held_out=told))
    stage = Stage(row.stage) if row else Stage.CANARY
    return Fared(stage, row.why if row else "", tuple(added(phases)), waiting)


def _times(outcomes: Outcomes) -> int:
    return outcomes.right + outcomes.wrong


def _ratio(outcomes: Outcomes) -> str:
    times = _times(outcomes)
    return f"{outcomes.right} of {times}" + (f" ({percent(outcomes.right / times, 0)})" if times else "")
