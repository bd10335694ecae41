"""Training the tagger: the net of `tagger` in torch, over states of made utterances. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resay.dialogue.tick import Tick, silent
from resay.teach.material import Made
from resay.teach.span_path import LABELS, Part, label_of
from resay.teach.tagger import HIDDEN, KINDS, NARROW, Numbers
from resay.training.device import device_of, seed_all
from resay.training.loop import FitRules, Fitted, Task, fit
from resay.training.token_states import LAYERS, STATE_SIZE, TokenStates

BATCH = 64
DROPPED = 0.3
"""Share of what is known that is hidden in training."""

UNSAID = -100
"""No label: pieces of words behind their first, and what fills a batch up. torch passes it over."""

LABELS_WEIGH = 2.0
"""What places count beside the kind."""

USUAL = FitRules(epochs=5, head_rate=2e-3, looks=1, patience=3)


class Row(NamedTuple):
    """An utterance for training."""

    states: Numbers
    """(token, layers × size), in sixteen bits."""
    labels: tuple[int, ...]
    """(token)"""
    kind: int


class Net(nn.Module):
    """The tagger."""

    def __init__(self) -> None:
        """Untrained."""
        super().__init__()
        self.norm = _Norms()
        self.narrow = nn.Linear(len(LAYERS) * STATE_SIZE, NARROW)
        self.memory = nn.LSTM(NARROW, HIDDEN, bidirectional=True, batch_first=True)
        self.labels = nn.Linear(2 * HIDDEN, LABELS)
        self.kinds = nn.Linear(2 * HIDDEN, len(KINDS))
        self.dropped = nn.Dropout(DROPPED)

    def forward(self, states: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Of states (utterance, token, layers × size) the labels (utterance, token, label) and kinds (utterance, kind), not yet chances."""
        narrowed = self.dropped(torch.relu(self.narrow(self.dropped(self.norm(states)))))  # (utterance, token, NARROW)
        packed = nn.utils.rnn.pack_padded_sequence(narrowed, lengths, batch_first=True, enforce_sorted=False)
        remembered, _ = nn.utils.rnn.pad_packed_sequence(self.memory(packed)[0], batch_first=True, padding_value=-1.0)
        remembered = self.dropped(remembered)
        return self.labels(remembered), self.kinds(remembered.amax(dim=1))


class _Norms(nn.Module):
    """Each layer's states by themselves, as they are not of one size."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(len(LAYERS), STATE_SIZE))
        self.bias = nn.Parameter(torch.zeros(len(LAYERS), STATE_SIZE))

    def forward(self, states: Tensor) -> Tensor:
        layered = states.view(*states.shape[:-1], len(LAYERS), STATE_SIZE)
        return (nn.functional.layer_norm(layered, (STATE_SIZE,)) * self.weight + self.bias).flatten(-2)


@dataclass(frozen=True, slots=True)
class _Batch:
    states: Tensor
    lengths: Tensor
    labels: Tensor
    kinds: Tensor


def rows_of(made: Sequence[Made], states: TokenStates, *, tick: Tick = silent) -> list[Row]:
    """Utterances with their states."""
    rows = []
    for done, each in enumerate(made):
        known = states(" ".join(each.words))
        rows.append(Row(known.states.astype(np.float16), _labels(each, [piece.start for piece in known.pieces]), KINDS.index(each.kind)))
        tick(done + 1, len(made))
    return rows


def _labels(made: Made, starts: Sequence[int]) -> tuple[int, ...]:
    """A label for each token that begins a word."""
    by_start: dict[int, int] = {}
    place = 0
    before = Part.AROUND
    for word, part in zip(made.words, made.parts, strict=True):
        by_start[place] = label_of(part, first=part is not before)
        place += len(word) + 1
        before = part
    return tuple(by_start.get(start, UNSAID) for start in starts)


def learn_tagger(
    rows: Sequence[Row], choosing: Sequence[Row], *, seed: int, rules: FitRules = USUAL, tick: Tick = silent
) -> tuple[dict[str, Numbers], Fitted]:
    """Weights by name, and how training went."""
    seed_all(seed)
    torch.set_num_threads(1)
    net = Net()
    task = Task(
        model=net,
        batches=lambda epoch: _batches(rows, seed=seed + epoch),
        batches_an_epoch=len(rows) // BATCH,
        loss=lambda batch: _loss(net, batch),
        choosing_loss=lambda: float(np.mean([float(_loss(net, batch)) for batch in _batches(choosing, seed=seed)])),
        is_head=lambda _name: True,
    )
    fitted = fit(task, rules, device=device_of("cpu"), tick=tick)
    return {name: each.detach().numpy().astype(np.float32) for name, each in net.state_dict().items()}, fitted


def _loss(net: Net, batch: _Batch) -> Tensor:
    labels, kinds = net(batch.states, batch.lengths)
    placed = nn.functional.cross_entropy(labels.flatten(0, 1), batch.labels.flatten(), ignore_index=UNSAID)
    return LABELS_WEIGH * placed + nn.functional.cross_entropy(kinds, batch.kinds)


def _batches(rows: Sequence[Row], *, seed: int) -> Iterator[_Batch]:
    order = np.random.default_rng(seed).permutation(len(rows))
    for start in range(0, len(rows) - BATCH + 1, BATCH):
        yield _batch([rows[place] for place in order[start : start + BATCH]])


def _batch(rows: Sequence[Row]) -> _Batch:
    longest = max(len(row.labels) for row in rows)
    states = torch.zeros(len(rows), longest, len(LAYERS) * STATE_SIZE)
    labels = torch.full((len(rows), longest), UNSAID)
    for place, row in enumerate(rows):
        states[place, : len(row.labels)] = torch.from_numpy(row.states.astype(np.float32))
        labels[place, : len(row.labels)] = torch.tensor(row.labels)
    return _Batch(states, torch.tensor([len(row.labels) for row in rows]), labels, torch.tensor([row.kind for row in rows]))
