"""The encoder that ships, read once a process and only where somebody asks for it."""

from __future__ import annotations

from resay.commands.detectors import MODELS
from rewrite_online.encoder import Towers, on_demand

ENCODER = MODELS / "minilm"

shipped_encoder = on_demand(ENCODER)
"""The embedded towers; nothing where the program was installed without them."""

__all__ = ["ENCODER", "Towers", "shipped_encoder"]
