"""The loop: one function that trains any of our models. Knows batches and losses; knows nothing of what they are of."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from resay.dialogue.tick import Tick, silent
from resay.training.checkpoint import Checkpoint
from resay.training.device import Device

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class FitRules:
    """How a model is trained."""

    epochs: int = 3
    seconds_max: float = 2_700.0
    """Training ends here though epochs are left; the rate has then fallen to nothing all the same. A run may take 45 minutes."""
    rate: float = 1e-4
    """Highest learning rate of the trunk: five times what BERT-base takes, as small models bear more."""
    head_rate: float = 1e-3
    """Highest learning rate of what begins from nothing."""
    warm_up: float = 0.1
    """Share of the training in which rates rise."""
    decay: float = 0.01
    gradient_max: float = 1.0
    looks: int = 2
    """Times in an epoch that the choosing split is looked at."""
    patience: int = 4
    """Looks without a better loss after which training ends."""


@dataclass(frozen=True, slots=True)
class Task(Generic[Batch]):
    """What is trained."""

    model: nn.Module
    batches: Callable[[int], Iterator[Batch]]
    """The batches of an epoch; the same for the same number."""
    batches_an_epoch: int
    loss: Callable[[Batch], Tensor]
    choosing_loss: Callable[[], float]
    """The loss on the choosing split."""
    is_head: Callable[[str], bool] = lambda _name: False
    """Whether a parameter of that name begins from nothing."""


@dataclass(slots=True)
class Fitted:
    """How training went."""

    steps: int = 0
    seconds: float = 0.0
    best: float = float("inf")
    """Lowest loss on the choosing split; the model ends with the weights that had it."""
    best_step: int = 0
    looks: list[tuple[int, float, float]] = field(default_factory=list)
    """At each look: step, training loss since the last, choosing loss."""
    ended: str = "epochs"
    """Why it ended: `epochs`, `seconds` or `patience`."""


def fit(task: Task[Batch], rules: FitRules, *, device: Device, checkpoint: Checkpoint | None = None, tick: Tick = silent) -> Fitted:
    """Train until the epochs, the time or the patience ends; the model then has its best weights.

    The checkpoint stays: whoever has put the model away forgets it.
    """
    model, total = task.model, rules.epochs * task.batches_an_epoch
    optimizer = _optimizer(task, rules)
    fitted, best = _resume(task, optimizer, checkpoint)
    began = time.monotonic() - fitted.seconds
    look_every = max(1, task.batches_an_epoch // rules.looks)
    losses: list[float] = []
    for number, batch in enumerate(_all_batches(task, rules.epochs)):
        if number < fitted.steps:
            continue
        # Here, so that training that had ended so when it was cut off ends so again.
        if _has_stalled(fitted, rules):
            fitted.ended = "patience"
            break
        fitted.seconds = time.monotonic() - began
        share = max(number / total, fitted.seconds / rules.seconds_max)
        if share >= 1.0:
            fitted.ended = "seconds"
            break
        losses.append(_step(task, optimizer, batch, rates=(_rate(share, rules), rules, device)))
        fitted.steps += 1
        tick(fitted.steps, total)
        if fitted.steps % look_every == 0 or fitted.steps == total:
            best = _look(task, fitted, losses, best=best)
            losses = []
            if checkpoint is not None:
                checkpoint.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "best": best, "fitted": _plain(fitted)})
    if losses:
        best = _look(task, fitted, losses, best=best)
    if best:
        model.load_state_dict(best)
    return fitted


def _all_batches(task: Task[Batch], epochs: int) -> Iterator[Batch]:
    for epoch in range(epochs):
        yield from task.batches(epoch)


def _optimizer(task: Task[Batch], rules: FitRules) -> torch.optim.Optimizer:
    trained = [(name, each) for name, each in task.model.named_parameters() if each.requires_grad]
    groups = [
        {"params": [each for name, each in trained if task.is_head(name) is head], "peak": peak}
        for head, peak in ((False, rules.rate), (True, rules.head_rate))
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=rules.rate, weight_decay=rules.decay)


def _step(task: Task[Batch], optimizer: torch.optim.Optimizer, batch: Batch, *, rates: tuple[float, FitRules, Device]) -> float:
    share, rules, device = rates
    for group in optimizer.param_groups:
        group["lr"] = share * group["peak"]
    task.model.train()
    with device.autocast():
        loss = task.loss(batch)
    loss.backward()  # type: ignore[no-untyped-call] # torch's own
    torch.nn.utils.clip_grad_norm_(task.model.parameters(), rules.gradient_max)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def _rate(share: float, rules: FitRules) -> float:
    """The share of the highest rate: it rises, then falls to nothing, in straight lines."""
    return min(share / rules.warm_up, (1.0 - share) / (1.0 - rules.warm_up)) if share > 0 else 1.0 / 100


def _look(task: Task[Batch], fitted: Fitted, losses: list[float], *, best: dict[str, Any]) -> dict[str, Any]:
    """Look at the choosing split; the best weights after it."""
    task.model.eval()
    with torch.no_grad():
        loss = task.choosing_loss()
    fitted.looks.append((fitted.steps, sum(losses) / len(losses), loss))
    # Asked this way round, as a loss that is no number is not lower than any.
    if not loss < fitted.best:
        return best
    fitted.best, fitted.best_step = loss, fitted.steps
    return {name: each.detach().clone() for name, each in task.model.state_dict().items()}


def _has_stalled(fitted: Fitted, rules: FitRules) -> bool:
    since = [step for step, _, _ in fitted.looks if step > fitted.best_step]
    return len(since) >= rules.patience


def _plain(fitted: Fitted) -> dict[str, Any]:
    return {name: getattr(fitted, name) for name in ("steps", "seconds", "best", "best_step", "looks")}


def _resume(task: Task[Batch], optimizer: torch.optim.Optimizer, checkpoint: Checkpoint | None) -> tuple[Fitted, dict[str, Any]]:
    state = checkpoint.load() if checkpoint is not None else None
    if state is None:
        return Fitted(), {}
    task.model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return Fitted(**state["fitted"]), state["best"]
