"""Training the tagger: the upper layers of a trunk, taught anew over the states of made utterances. Needs the extra `train`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from resay.dialogue.tick import Tick, silent
from resay.teach.bars import Reading
from resay.teach.material import Made, Material
from resay.teach.span_path import SCORES, Part
from resay.teach.tagger import INPUT, KINDS, OUTPUT, Numbers, Read, Tagger, read
from resay.training.device import device_of, seed_all
from resay.training.export import export_int8
from resay.training.loop import FitRules, Fitted, Task, fit
from resay.training.narrowed import narrowed
from resay.training.read_back import weights_in
from resay.training.token_states import LAYERS, STATE_SIZE, TokenStates
from resay.training.trunk import embedded_trunk, load_trunk

BATCH = 16
NEAR = 32
"""Batches whose utterances are encoded at once and put in order of length, so that few tokens are there to fill up."""

DROPPED = 0.1
"""Share of what is known that is hidden from what decides, in training."""

KIND_WEIGHS = 1.5
"""What the kind counts beside the places: whether it teaches at all is what was most got wrong (docs/log.md, 2026-11-22)."""

SAMPLES = 200
"""Utterances by which the net is made ready for eight bits."""

_FAR = -1e4
"""As good as impossible: an infinity less itself is no number."""

USUAL = FitRules(epochs=1, rate=2e-4, head_rate=2e-3, looks=4, patience=4)
FURTHER = FitRules(epochs=1, rate=1e-4, head_rate=2e-4, looks=4, patience=4)
"""Where a net that was written is trained on: half as fast, and nothing begins from nothing."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learnt from."""

    material: Material
    count: int
    """Utterances in an epoch; no two epochs have the same."""
    seed: int
    start: Path | None = None
    """The net that is trained on; a new one where there is none."""


class Row(NamedTuple):
    """An utterance for training."""

    states: Numbers
    """(token, size), in sixteen bits."""
    begun: tuple[int, ...]
    """The token that begins each word: (word)."""
    runs: tuple[tuple[int, int], ...]
    """First and last word of the words and of the meaning; of what is not there, (-1, -1)."""
    kind: int


class Net(nn.Module):
    """The tagger: layers of a trunk above those whose states it is given, and what decides."""

    def __init__(self, trunk: Path | None = None) -> None:
        """With the weights of a trunk, and of what decides none that mean anything."""
        super().__init__()
        self.layers = load_trunk(trunk or embedded_trunk()).encoder.layer[LAYERS:]
        self.places = nn.Linear(STATE_SIZE, SCORES)
        self.kinds = nn.Linear(2 * STATE_SIZE, len(KINDS))
        self.dropped = nn.Dropout(DROPPED)

    def forward(self, states: Tensor, filled: Tensor | None = None) -> Tensor:
        """Of states (utterance, token, size) the scores of each token, and behind them the kinds of the utterance.

        `filled` is (utterance, token), true where there is no token.
        """
        hidden = _FAR * filled[:, None, None, :].to(states.dtype) if filled is not None else None
        for layer in self.layers:
            states = layer(states, hidden)
        states = self.dropped(states)
        standing = states if filled is None else states.masked_fill(filled.unsqueeze(-1), _FAR)
        kinds = self.kinds(torch.cat([states[:, 0], standing.amax(dim=1)], dim=-1))  # (utterance, kind)
        places = self.places(states)
        return torch.cat([places, kinds.unsqueeze(1).expand(-1, places.shape[1], -1)], dim=-1)


@dataclass(frozen=True, slots=True)
class _Batch:
    states: Tensor
    filled: Tensor
    begun: Tensor
    words: Tensor
    """How many of `begun` are words: (utterance)."""
    runs: Tensor
    kinds: Tensor


def rows_of(made: Iterable[Made], states: TokenStates) -> list[Row]:
    """Utterances with their states; without those that are longer than what is read of them."""
    rows = []
    for each in made:
        known = states(" ".join(each.words))
        by_start = {piece.start: place + 1 for place, piece in reversed(list(enumerate(known.pieces)))}
        starts = np.cumsum([0, *(len(word) + 1 for word in each.words[:-1])])
        if all(int(start) in by_start for start in starts):
            begun = tuple(by_start[int(start)] for start in starts)
            runs = tuple(_run(each, part) for part in (Part.WORDS, Part.MEANING))
            rows.append(Row(known.states.astype(np.float16), begun, runs, KINDS.index(each.kind)))
    return rows


def _run(made: Made, part: Part) -> tuple[int, int]:
    places = [place for place, each in enumerate(made.parts) if each is part]
    return (places[0], places[-1]) if places else (-1, -1)


def learn_tagger(
    made: Lessons, choosing: Sequence[Row], *, states: TokenStates, rules: FitRules | None = None, tick: Tick = silent
) -> tuple[Net, Fitted]:
    """The net, and how training went. Utterances are made and encoded as they are needed, each once."""
    seed_all(made.seed)
    torch.set_num_threads(1)
    net = Net()
    if made.start is not None:
        net.load_state_dict(weights_in(made.start))
    task = Task(
        model=net,
        batches=lambda epoch: _encoded(made, states, seed=made.seed + epoch),
        batches_an_epoch=made.count // BATCH,
        loss=lambda batch: _loss(net, batch),
        choosing_loss=lambda: float(np.mean([float(_loss(net, batch)) for batch in _batches(choosing, seed=made.seed)])),
        is_head=lambda name: not name.startswith("layers."),
    )
    fitted = fit(task, rules or (USUAL if made.start is None else FURTHER), device=device_of("cpu"), tick=tick)
    return net.eval(), fitted


def export_tagger(net: Net, rows: Sequence[Row], path: Path, *, seed: int) -> None:
    """Write the net in eight bits, made ready for them by what it sees of some utterances."""
    picked = Random(seed).sample(list(rows), min(SAMPLES, len(rows)))
    samples = [(torch.from_numpy(row.states.astype(np.float32))[None],) for row in picked]
    export_int8(narrowed(net, samples), {INPUT: samples[0][0]}, OUTPUT, axes=("utterance", "token"), path=path)


def readings_of(tagger: Tagger, rows: Sequence[Row]) -> Iterator[Reading]:
    """What a written net makes of utterances."""
    for row in rows:
        found = read(tagger(row.states.astype(np.float32)), [token - 1 for token in row.begun])
        right = found is not None and KINDS.index(found.kind) == row.kind and _runs(found) == row.runs
        yield Reading(found.chance if found else 0.0, teaches=row.kind > 0, right=right)


def _runs(found: Read) -> tuple[tuple[int, int], ...]:
    runs = [found.places.runs.get(part, (-1, 0)) for part in (Part.WORDS, Part.MEANING)]
    return tuple((first, behind - 1) for first, behind in runs)


def _loss(net: Net, batch: _Batch) -> Tensor:
    said = net(batch.states, batch.filled)
    kinds = nn.functional.cross_entropy(said[:, 0, SCORES:], batch.kinds)
    index = batch.begun.unsqueeze(-1).expand(-1, -1, SCORES)
    scores = said[..., :SCORES].gather(1, index)  # (utterance, word, score)
    return KIND_WEIGHS * kinds + _places_loss(scores, batch)


def _places_loss(scores: Tensor, batch: _Batch) -> Tensor:
    """How unlikely the right places are, among all that there could be; of what teaches nothing, nothing."""
    words, meaning = (_run_scores(scores, batch.words, part) for part in (Part.WORDS, Part.MEANING))
    told, corrected = batch.runs[:, 0, 0] >= 0, (batch.runs[:, 0, 0] < 0) & (batch.runs[:, 1, 0] >= 0)
    right_meaning, right_words = _at(meaning, batch.runs[:, 1]), _at(words, batch.runs[:, 0])
    both = torch.logaddexp(_in_order(words, meaning), _in_order(meaning, words))
    alone = meaning.flatten(1).logsumexp(dim=1)
    lost = torch.where(told, both - right_words - right_meaning, torch.where(corrected, alone - right_meaning, 0.0))
    return lost.mean()


def _run_scores(scores: Tensor, counts: Tensor, part: Part) -> Tensor:
    """As `span_path.run_scores`: (utterance, first word, last word)."""
    within, first, last = (scores[..., 3 * (part - 1) + place] for place in range(3))
    sums = within.cumsum(dim=1)
    runs = sums[:, None, :] - (sums - within)[:, :, None] + first[:, :, None] + last[:, None, :]
    places = torch.arange(scores.shape[1])
    stands = (places[:, None] <= places[None, :]) & (places[None, None, :] < counts[:, None, None])
    return runs.masked_fill(~stands, _FAR)


def _in_order(before: Tensor, after: Tensor) -> Tensor:
    """Logarithm of the sum over all runs of one part with all of the other behind it: (utterance)."""
    ending = before.logsumexp(dim=1)[:, :-1]
    beginning = after.logsumexp(dim=2).flip(1).logcumsumexp(dim=1).flip(1)[:, 1:]
    return (ending + beginning).logsumexp(dim=1)


def _at(runs: Tensor, places: Tensor) -> Tensor:
    """The score of one run of each utterance."""
    given = places.clamp_min(0)
    return runs[torch.arange(len(runs)), given[:, 0], given[:, 1]]


def _encoded(made: Lessons, states: TokenStates, *, seed: int) -> Iterator[_Batch]:
    utterances = made.material.made(made.count, Random(seed))
    while near := list(islice(utterances, NEAR * BATCH)):
        yield from _batches(rows_of(near, states), seed=seed)


def _batches(rows: Sequence[Row], *, seed: int) -> Iterator[_Batch]:
    """In an order of their own, each of utterances of about the same length."""
    near = sorted(rows, key=lambda row: len(row.states))
    starts = list(range(0, len(near) - BATCH + 1, BATCH))
    Random(seed).shuffle(starts)
    for start in starts:
        yield _batch(near[start : start + BATCH])


def _batch(rows: Sequence[Row]) -> _Batch:
    tokens, words = max(len(row.states) for row in rows), max(2, *(len(row.begun) for row in rows))
    states = torch.zeros(len(rows), tokens, STATE_SIZE)
    filled = torch.ones(len(rows), tokens, dtype=torch.bool)
    begun = torch.zeros(len(rows), words, dtype=torch.int64)
    for place, row in enumerate(rows):
        states[place, : len(row.states)] = torch.from_numpy(row.states.astype(np.float32))
        filled[place, : len(row.states)] = False
        begun[place, : len(row.begun)] = torch.tensor(row.begun)
    counts = torch.tensor([len(row.begun) for row in rows])
    return _Batch(states, filled, begun, counts, torch.tensor([row.runs for row in rows]), torch.tensor([row.kind for row in rows]))
