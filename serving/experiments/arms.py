"""The arms of the experiments that run: read from the books every moment, asked by the rewriter for every rewrite that is ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from resay.dialogue.errors import ResayError
from resay.experiment.assign import CONTROL, Draw
from resay.store.experiments import ExperimentRecord
from rewrite_online.draw import Drawn
from serving.experiments.question import draw_of


class ArmsUnknown(ResayError):
    """What runs has not been read yet, so that nobody's arm is known."""


@dataclass(frozen=True, slots=True)
class _Running:
    draw: Draw
    arms: dict[str, Drawn]
    """By name: one value for all of its customers."""


class RunningArms:
    """Who is in which arm now. `refresh` is for one thread at a time, `drawn` for all."""

    def __init__(self, read: Callable[[], Sequence[ExperimentRecord]]) -> None:
        """Of the experiments that `read` answers."""
        self._read = read
        self._running: tuple[_Running, ...] | None = None

    def refresh(self) -> None:
        """Look at what runs; where it cannot be read what was known holds on.

        Raises: BooksUnavailable.
        """
        self._running = tuple(_running(each) for each in self._read() if each.stopped_at is None)

    def drawn(self, customer_id: str) -> Drawn | None:
        """The arm of a customer; nothing where they are in no experiment.

        Raises: ArmsUnknown, before they have been read once.
        """
        if self._running is None:
            message = "running experiments must have been read once before anybody is served; they were not; are the books there?"
            raise ArmsUnknown(message)
        for each in self._running:
            arm = each.draw.arm_of(customer_id)
            if arm is not None:
                return each.arms[arm]
        return None


def _running(record: ExperimentRecord) -> _Running:
    draw = draw_of(record)
    arms = {each.arm: Drawn(record.experiment, each.arm, each.share, passes_through=each.arm == CONTROL) for each in draw.arms}
    return _Running(draw, arms)
