"""The net of goals: turns' vectors and numbers under a small Transformer that sees the turns before and after.

Four answers a turn: another goal begins here, the goal was reached here, the turn failed its customer, the dialogue as a whole went well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from resay.label.goal_features import FEATURES, WIDTH, Floats


@dataclass(frozen=True, slots=True)
class NetRules:
    """The size of a net."""

    width: int = WIDTH
    """Of the vectors of texts."""
    text: int = 64
    """A text's share of a turn."""
    hidden: int = 128
    layers: int = 2
    heads: int = 4
    reach: int = 8
    """Turns farther apart than this are alike far."""
    dropout: float = 0.3
    lost: float = 0.5
    """Share of what the straight way sees that training hides from it."""


NAMES = ("begins", "reached", "defect", "well")
"""The answers, in their order."""

ARTIFICIAL = ("swapped", "moved")
"""What a net is asked of in pretraining alone: whether the answer is another turn's, whether the turn is out of its place."""

_LARGE = 1e4
_MISSING = 6.0
"""Numbers farther from the mean than so many spreads are cut: a strange log must not shout."""


class GoalNet(nn.Module):
    """Turns to log odds."""

    def __init__(self, rules: NetRules) -> None:
        super().__init__()
        self.rules = rules
        self.mean = nn.Buffer(torch.zeros(len(FEATURES)))
        self.spread = nn.Buffer(torch.ones(len(FEATURES)))
        self.said = nn.Linear(rules.width, rules.text)
        self.answered = nn.Linear(rules.width, rules.text)
        self.said_so_far = nn.Linear(rules.width, rules.text)
        self.answered_so_far = nn.Linear(rules.width, rules.text)
        self.inputs = nn.Dropout(rules.dropout)
        self.numbers = nn.Linear(2 * len(FEATURES), rules.hidden)
        self.mixed = nn.Linear(5 * rules.text + rules.hidden, rules.hidden)
        self.normed = nn.LayerNorm(rules.hidden)
        self.layers = nn.ModuleList(_Layer(rules) for _ in range(rules.layers))
        self.last = nn.LayerNorm(rules.hidden)
        self.answers = nn.Linear(2 * rules.hidden, len(NAMES) - 1)
        self.wide = nn.Linear(5 * rules.width + 2 * len(FEATURES), len(NAMES) - 1)
        nn.init.zeros_(self.wide.weight)
        self.lost = nn.Dropout(rules.lost)
        self.pooled = nn.Linear(2 * rules.hidden, 1)
        self.artificial = nn.Linear(2 * rules.hidden, len(ARTIFICIAL))
        self.dropout = nn.Dropout(rules.dropout)

    def forward(self, vectors: Tensor, numbers: Tensor, present: Tensor) -> Tensor:
        """Log odds of `NAMES`: (dialogue, turn, 4)."""
        turns, straight = self._turns(vectors, numbers, present)
        weights = present.unsqueeze(-1)
        mean = (turns * weights).sum(1) / weights.sum(1)  # (dialogue, 2 * hidden)
        well = self.pooled(mean).unsqueeze(1).expand(-1, turns.shape[1], -1)
        return torch.cat([self.answers(turns) + self.wide(straight), well], dim=-1)

    def told_apart(self, vectors: Tensor, numbers: Tensor, present: Tensor) -> Tensor:
        """Log odds of `ARTIFICIAL` and of a beginning: (dialogue, turn, 3)."""
        turns, _ = self._turns(vectors, numbers, present)
        return torch.cat([self.artificial(turns), self.answers(turns)[..., :1]], dim=-1)

    def _turns(self, vectors: Tensor, numbers: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """What is made of each turn: by itself and among the others, (dialogue, turn, 2 * hidden); and what is seen of it, as it is."""
        missing = torch.isnan(numbers)
        scaled = torch.where(missing, torch.zeros_like(numbers), (numbers - self.mean) / self.spread)
        shown = torch.cat([scaled.clamp(-_MISSING, _MISSING), missing.to(scaled.dtype)], dim=-1)
        own = torch.relu(self.numbers(shown))
        so_far = vectors[:, :, :2].cumsum(1)
        so_far = so_far / so_far.square().sum(-1, keepdim=True).clamp_min(1e-6).sqrt()
        heard = self.inputs(torch.cat([vectors, so_far], dim=2))  # (dialogue, turn, 5, width)
        texts = [self.said(heard[:, :, 0]), self.answered(heard[:, :, 1]), self.answered(heard[:, :, 2])]
        texts += [self.said_so_far(heard[:, :, 3]), self.answered_so_far(heard[:, :, 4])]
        mixed = self.normed(torch.nn.functional.gelu(self.mixed(torch.cat([*(self.dropout(each) for each in texts), own], dim=-1))))
        among = mixed
        for layer in self.layers:
            among = layer(among, present)
        both: Tensor = self.dropout(torch.cat([mixed, self.last(among)], dim=-1))
        return both, self.lost(torch.cat([heard.flatten(2), 0.1 * shown], dim=-1))


class _Layer(nn.Module):
    """Attention by content and by distance, then a small network."""

    def __init__(self, rules: NetRules) -> None:
        super().__init__()
        self.heads, self.reach = rules.heads, rules.reach
        self.before, self.between = nn.LayerNorm(rules.hidden), nn.LayerNorm(rules.hidden)
        self.asked = nn.Linear(rules.hidden, 3 * rules.hidden)
        self.told = nn.Linear(rules.hidden, rules.hidden)
        self.distances = nn.Embedding(2 * rules.reach + 1, rules.heads)
        self.network = nn.Sequential(
            nn.Linear(rules.hidden, 2 * rules.hidden), nn.GELU(), nn.Dropout(rules.dropout), nn.Linear(2 * rules.hidden, rules.hidden)
        )
        self.dropout = nn.Dropout(rules.dropout)

    def forward(self, turns: Tensor, present: Tensor) -> Tensor:
        """(dialogue, turn, hidden)."""
        dialogues, length, hidden = turns.shape
        asked = self.asked(self.before(turns)).view(dialogues, length, 3, self.heads, hidden // self.heads)
        query, key, value = (asked[:, :, part].transpose(1, 2) for part in range(3))  # (dialogue, head, turn, share)
        places = torch.arange(length, device=turns.device)
        distance = (places.unsqueeze(0) - places.unsqueeze(1)).clamp(-self.reach, self.reach) + self.reach
        scores = query @ key.transpose(2, 3) / (hidden // self.heads) ** 0.5
        scores = scores + self.distances(distance).permute(2, 0, 1) - _LARGE * (1 - present)[:, None, None, :]
        seen = (scores.softmax(-1) @ value).transpose(1, 2).reshape(dialogues, length, hidden)
        turns = turns + self.dropout(self.told(seen))
        thought: Tensor = turns + self.dropout(self.network(self.between(turns)))
        return thought


def fit_scale(net: GoalNet, numbers: Sequence[Floats]) -> None:
    """Let a net bring numbers to one scale, by those that are known in training."""
    known = torch.from_numpy(_stacked(numbers))
    there = ~torch.isnan(known)
    count = there.sum(0).clamp_min(1)
    mean = torch.where(there, known, 0.0).sum(0) / count
    spread = (torch.where(there, known - mean, 0.0).square().sum(0) / count).sqrt()
    net.mean.copy_(mean)
    net.spread.copy_(torch.where(spread < 1e-3, 1.0, spread))


def _stacked(numbers: Sequence[Floats]) -> Floats:
    return np.concatenate(list(numbers))
