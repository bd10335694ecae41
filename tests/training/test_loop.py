"""The loop: it learns, stops in time, keeps the best, and goes on where it was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path

import pytest
import torch
from torch import nn

from resay.training.checkpoint import Checkpoint, WrongCheckpoint
from resay.training.device import Device, seed_all
from resay.training.loop import FitRules, Task, fit

CPU = Device("cpu", bf16=False)
RULES = FitRules(epochs=4, rate=0.3, head_rate=0.3, looks=2, decay=0.0)


class Interrupted(Exception):
    """Somebody pulled the plug."""


def line(*, cut_at: int | None = None, choosing: list[float] | None = None) -> Task[torch.Tensor]:
    """The task of learning y = 3 x; it is cut off at a batch, or its choosing losses are given."""
    seed_all(1)
    model = nn.Linear(1, 1)
    given = iter(choosing or [])
    seen = [0]

    def batches(epoch: int) -> Iterator[torch.Tensor]:
        for number in range(10):
            seen[0] += 1
            if seen[0] == cut_at:
                raise Interrupted
            yield torch.linspace(-1, 1, 8).unsqueeze(1) * (1 + 0.01 * (epoch + number))

    def loss(batch: torch.Tensor) -> torch.Tensor:
        return ((model(batch) - 3 * batch) ** 2).mean()

    def choosing_loss() -> float:
        return next(given) if choosing else float(loss(torch.ones(1, 1)))

    return Task(model, batches, 10, loss, choosing_loss)


def weights(task: Task[torch.Tensor]) -> list[float]:
    return [round(float(each), 6) for parameter in task.model.parameters() for each in parameter.detach().flatten()]


def test_it_learns_what_is_true():
    """The slope is found."""
    task = line()

    fitted = fit(task, RULES, device=CPU)

    assert weights(task)[0] == pytest.approx(3.0, abs=0.3)
    assert (fitted.steps, fitted.ended, len(fitted.looks)) == (40, "epochs", 8)


def test_training_that_was_cut_off_ends_as_if_it_had_not_been(tmp_path: Path):
    """The state of the last look is taken up again, and stays for whoever puts the model away."""
    whole, checkpoint = line(), Checkpoint(tmp_path / "checkpoint.pt", mark="line")
    fit(whole, RULES, device=CPU)
    with pytest.raises(Interrupted):
        fit(line(cut_at=23), RULES, device=CPU, checkpoint=checkpoint)
    assert checkpoint.path.exists()
    resumed = line()

    fitted = fit(resumed, RULES, device=CPU, checkpoint=checkpoint)

    assert weights(resumed) == weights(whole)
    assert fitted.steps == 40
    assert checkpoint.path.exists()


def test_it_ends_when_nothing_gets_better_and_keeps_the_best():
    """After `patience` looks without a better loss; the weights are those of the best look."""
    task = line(choosing=[0.5, 0.4, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
    best = line(choosing=[0.5, 0.4])

    fitted = fit(task, FitRules(**{**_fields(RULES), "patience": 3}), device=CPU)

    assert (fitted.ended, fitted.best_step, fitted.steps) == ("patience", 10, 25)
    assert len(fitted.looks) == 5
    assert weights(task) != weights(best)


@pytest.mark.parametrize(("choosing", "best"), [([0.5, nan, 0.4], (15, 0.4)), ([nan, 0.5, 0.6], (10, 0.5)), ([0.5, 0.6, nan], (5, 0.5))])
def test_a_loss_that_is_no_number_is_never_the_best(choosing: list[float], best: tuple[int, float]):
    """Before, between or after losses that are; what comes after it can still be the best."""
    fitted = fit(line(choosing=[*choosing, 0.9]), FitRules(**{**_fields(RULES), "epochs": 2}), device=CPU)

    assert (fitted.best_step, fitted.best) == best


def test_training_without_patience_left_goes_no_further_when_taken_up_again(tmp_path: Path):
    """It had ended before it was cut off: no step more, and the same best weights."""
    rules, checkpoint = FitRules(**{**_fields(RULES), "patience": 1}), Checkpoint(tmp_path / "checkpoint.pt", mark="line")
    ended = line(choosing=[0.4, 0.5])
    fit(ended, rules, device=CPU, checkpoint=checkpoint)
    again = line(choosing=[0.1])

    fitted = fit(again, rules, device=CPU, checkpoint=checkpoint)

    assert (fitted.ended, fitted.steps, fitted.best_step) == ("patience", 10, 5)
    assert weights(again) == weights(ended)


def test_it_ends_when_its_time_is_over():
    """No second more than was given: here none."""
    fitted = fit(line(), FitRules(**{**_fields(RULES), "seconds_max": 1e-9}), device=CPU)

    assert fitted.ended == "seconds"
    assert fitted.steps <= 1


def test_another_trainings_checkpoint_is_not_taken_up(tmp_path: Path):
    """Nor a file that is none."""
    path = tmp_path / "checkpoint.pt"
    Checkpoint(path, mark="one").save({"steps": 1})

    with pytest.raises(WrongCheckpoint, match="it is of 'one'"):
        Checkpoint(path, mark="other").load()
    path.write_bytes(b"no checkpoint")
    with pytest.raises(WrongCheckpoint, match="was it cut off"):
        Checkpoint(path, mark="one").load()


def _fields(rules: FitRules) -> dict[str, float]:
    return {name: getattr(rules, name) for name in rules.__slots__}
