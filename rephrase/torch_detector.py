"""The trained detector on a GPU: the same windows, in large batches, by torch, from the weights that training left beside what it exported.

Its chances are not those of eight bits (0.01 apart in the mean), so that a lake should be linked by one of the two.
"""

from __future__ import annotations

from pathlib import Path

import torch

from rephrase.model_detector import PROBABILITY_MIN, ModelDetector
from rephrase.model_folder import TOKENIZER_FILE, WrongModelFolder, read_card
from rephrase.train import WEIGHTS_FILE, asking_torch
from rephrase.window_model import WindowModel
from rephrase.word_pieces import WordPieces
from resay.training.device import Device
from resay.training.trunk import embedded_trunk, load_trunk

WINDOWS_AT_ONCE = 512
"""A batch that keeps a GPU busy: 60,000 tokens."""


def read_torch_detector(
    folder: Path, *, device: Device, trunk: Path | None = None, probability_min: float = PROBABILITY_MIN
) -> ModelDetector:
    """The detector of a folder that was trained here, over the same trunk.

    Raises: WrongModelFolder, WrongVocabulary, TrunkUnavailable.
    """
    card = read_card(folder)
    pieces = WordPieces((folder / TOKENIZER_FILE).read_bytes(), where=str(folder / TOKENIZER_FILE))
    model = WindowModel(load_trunk(trunk or embedded_trunk()), card.kind)
    try:
        model.load_state_dict(torch.load(folder / WEIGHTS_FILE, map_location="cpu", weights_only=True))
    # torch raises whatever its unpickler meets.
    except Exception as error:
        message = f"folder {folder} must hold {WEIGHTS_FILE} of this trunk; {error}; only training leaves it, what ships goes without?"
        raise WrongModelFolder(message) from error
    ask = asking_torch(model.to(device.name), padding=pieces.padding, device=device, batch=WINDOWS_AT_ONCE)
    return ModelDetector(card, pieces, ask, probability_min=probability_min)
