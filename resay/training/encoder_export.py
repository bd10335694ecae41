"""Exporting an encoder: a BERT whose tokens' mean is a text's meaning, as sentence-transformers train them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from resay.training.encoder import ENCODER_FILE, INPUTS, OUTPUT, TOKENIZER_FILE, TOKENS_MAX
from resay.training.export import export_int8
from resay.training.trunk import EMBEDDED, embedded_trunk, load_trunk, read_tokenizer

CARD_FILE = "card.json"


class MeanOfTokens(nn.Module):
    """The mean of a BERT's tokens, of length one."""

    def __init__(self, trunk: Any) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, tokens: Tensor, attention: Tensor) -> Tensor:
        """Vectors: (text, hidden)."""
        hidden = self.trunk(input_ids=tokens, attention_mask=attention).last_hidden_state  # (text, token, hidden)
        weights = attention.unsqueeze(-1).to(hidden.dtype)
        return nn.functional.normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)


def export_encoder(out: Path, *, trunk: Path | None = None) -> dict[str, Any]:
    """Write an encoder's folder, and say what is in it.

    Raises: TrunkUnavailable.
    """
    folder = trunk or embedded_trunk()
    out.mkdir(parents=True, exist_ok=True)
    (out / TOKENIZER_FILE).write_bytes(read_tokenizer(folder))
    ones = torch.ones((2, 8), dtype=torch.int64)
    traced = dict(zip(INPUTS, (ones, ones), strict=True))
    export_int8(MeanOfTokens(load_trunk(folder)), traced, OUTPUT, axes=("text", "token"), path=out / ENCODER_FILE)
    card = {
        "trunk": folder.name if trunk else EMBEDDED,
        "pooling": "mean",
        "tokens_max": TOKENS_MAX,
        "sha256": {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in (ENCODER_FILE, TOKENIZER_FILE)},
    }
    (out / CARD_FILE).write_text(json.dumps(card, indent=1) + "\n")
    return card
