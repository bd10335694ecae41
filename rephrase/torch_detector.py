"""The trained detector on a GPU: the same windows, in large batches, by torch, from the weights that training left beside what it exported.

Its chances are not those of eight bits (0.01 apart in the mean), so that a lake should be linked by one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from rephrase.model_detector import PROBABILITY_MIN, Ask, ModelDetector
from rephrase.model_folder import TOKENIZER_FILE, WrongModelFolder, read_card
from rephrase.question import Numbers
from rephrase.train import WEIGHTS_FILE, asking_torch
from rephrase.window import Window
from rephrase.window_model import WindowModel
from rephrase.word_pieces import WordPieces
from resay.training.device import Device
from resay.training.trunk import embedded_trunk, load_trunk

WINDOWS_AT_ONCE = 512
"""A batch that keeps a GPU busy: 60,000 tokens."""

SESSIONS_AT_ONCE = 4_096
"""Sessions whose windows are sorted into such batches: some ten of them, so that each holds windows of about one length."""


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
    detector = ModelDetector(card, pieces, by_length(ask), probability_min=probability_min)
    detector.sessions_at_once = SESSIONS_AT_ONCE
    # Its chances are others than those of eight bits, and a version says so.
    detector.version = f"{card.version}-torch"
    return detector


def by_length(ask: Ask) -> Ask:
    """Asks of windows in the order of their lengths, so that batches are filled up with little; answers in the order that they came in."""

    def sorted_ask(windows: Sequence[Window]) -> list[Numbers]:
        order = sorted(range(len(windows)), key=lambda place: len(windows[place].tokens))
        told = ask([windows[place] for place in order])
        back = sorted(range(len(order)), key=order.__getitem__)
        return [told[place] for place in back]

    return sorted_ask
