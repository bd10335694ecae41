"""Made models: a vocabulary, a BERT of chance with it, and numbers of chance in place of a model's."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from rephrase.model_detector import Ask, ModelDetector
from rephrase.model_folder import ModelCard
from rephrase.question import Kind, Numbers, questions_of
from rephrase.rows import Row
from rephrase.window import Window, WindowRules
from rephrase.word_pieces import WordPieces
from tests.builders import session, turn

WORDS = (
    *("play", "madonna", "prince", "no", "i", "said", "the", "turn", "on", "off", "light", "lights", "kitchen", "bedroom"),
    *("sorry", "understand", "what", "a", "stop", "yes", "##s", "song"),
)


def tokenizer_bytes() -> bytes:
    """The `tokenizer.json` of a small vocabulary whose unused tokens are markers."""
    names = ["[PAD]", *(f"[unused{number}]" for number in range(60)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokenizer = Tokenizer(models.WordPiece({name: number for number, name in enumerate(names)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer.to_str().encode()


def word_pieces() -> WordPieces:
    """That vocabulary."""
    return WordPieces(tokenizer_bytes(), where="tokenizer.json")


def asking_chance(kind: Kind) -> Ask:
    """Numbers that depend on nothing but a window's tokens."""

    def numbers(window: Window) -> Numbers:
        rng = np.random.default_rng(zlib.crc32(repr(window.tokens).encode()))
        shape = (len(window.tokens), 2) if kind is Kind.SPAN else (1,)
        return rng.normal(size=shape).astype(np.float32) * 3

    def ask(windows: Sequence[Window]) -> list[Numbers]:
        return [numbers(window) for window in windows]

    return ask


def chance_detector(kind: Kind) -> ModelDetector:
    """A trained detector whose model is chance."""
    card = ModelCard(kind, WindowRules(tokens_max=64), temperature=1.0, threshold=0.5)
    return ModelDetector(card, word_pieces(), asking_chance(kind))


def random_trunk(folder: Path) -> Path:
    """A BERT that knows nothing, as Hugging Face keeps it: another depth, width and vocabulary than the embedded one."""
    from transformers import BertConfig, BertModel

    tokenizer = Tokenizer.from_str(tokenizer_bytes().decode())
    shape = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
    )
    BertModel(shape, add_pooling_layer=False).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(tokenizer_bytes())
    return folder


def made_rows(kind: Kind) -> list[Row]:
    """A few rows, of a refused request that is said again and of one that is not."""
    talks = [
        (turn("play madonna", status="unsupported"), turn("no i said madonna", at=3), turn("turn on the lights", at=8)),
        (turn("turn on the light"), turn("play the song", at=5)),
    ]
    asked = (question for talk in talks for question in questions_of(session(*talk), word_pieces(), WindowRules(), kind=kind))
    return [Row(window, (0, 0)) for question in asked for window in question.windows]
