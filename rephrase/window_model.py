"""Models over windows, in torch: a BERT trunk with two heads for spans, or with one for the pairwise baseline; and their losses."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from rephrase.padded import Padded
from rephrase.question import Kind
from rephrase.window import NOWHERE

MARKS = 64
"""The vocabulary's first tokens, the markers among them, learn what they mean here; all other embeddings may stay as they were."""

HEAD_NAMES = ("head.", "marks.")


class WindowModel(nn.Module):
    """A trunk with a head: for each token the numbers to begin and to end a span there, or one number for the whole."""

    def __init__(self, trunk: Any, kind: Kind) -> None:
        super().__init__()
        self.trunk = trunk
        self.kind = kind
        hidden = int(trunk.config.hidden_size)
        # A table of its own: two models over one trunk share the large one.
        self.marks = nn.Embedding(MARKS + 1, hidden, padding_idx=MARKS)
        nn.init.zeros_(self.marks.weight)
        self.head = nn.Linear(hidden, 2 if kind is Kind.SPAN else 1)
        nn.init.normal_(self.head.weight, std=0.02)

    def forward(self, tokens: Tensor, segments: Tensor, attention: Tensor) -> Tensor:
        """Numbers: (window, token, 2) for spans, (window, 1) pairwise."""
        words = self.trunk.embeddings.word_embeddings(tokens)  # (window, token, hidden)
        marked = self.marks(tokens.clamp(max=MARKS))
        hidden = self.trunk(inputs_embeds=words + marked, token_type_ids=segments, attention_mask=attention).last_hidden_state
        return cast(Tensor, self.head(hidden if self.kind is Kind.SPAN else hidden[:, 0]))


def freeze(model: WindowModel, *, layers: int) -> None:
    """Leave the embeddings and the lowest layers as they are: they know words, and half of the work is saved."""
    for part in (model.trunk.embeddings, *model.trunk.encoder.layer[:layers]):
        for parameter in part.parameters():
            parameter.requires_grad_(False)


def numbers_of(model: WindowModel, arrays: Padded, *, device: str) -> Tensor:
    """The model's numbers for a batch."""
    return cast(Tensor, model(*inputs_of(arrays, device=device)))


def inputs_of(arrays: Padded, *, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """What a model takes, in the order in which it takes it."""
    tokens, segments, attention = (torch.from_numpy(each).to(device) for each in (arrays.tokens, arrays.segments, arrays.attention))
    return tokens, segments, attention


def span_loss(numbers: Tensor, places: Tensor, gold: Tensor) -> Tensor:
    """How unlikely the true spans are among all spans inside one candidate each, and `[CLS]`.

    `places` (window, token), `gold` (window, 2): first and last token, both 0 where there is no span.
    """
    begin, end = numbers.float().unbind(-1)  # (window, token)
    spans = begin.unsqueeze(2) + end.unsqueeze(1)  # (window, first, last)
    inside = (places.unsqueeze(2) == places.unsqueeze(1)) & (places.unsqueeze(2) != NOWHERE)
    allowed = torch.triu(inside)
    allowed[:, 0, 0] = True
    scores = spans.masked_fill(~allowed, float("-inf")).flatten(1)
    true = gold[:, 0] * places.shape[1] + gold[:, 1]
    return nn.functional.cross_entropy(scores, true)


def pair_loss(numbers: Tensor, gold: Tensor) -> Tensor:
    """How unlikely the true answers are, each pair by itself; `gold` (window, 2) is 0 where the candidate is no second try."""
    true = (gold[:, 1] > 0).float()
    return nn.functional.binary_cross_entropy_with_logits(numbers.float().squeeze(-1), true)
