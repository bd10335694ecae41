"""`train towers` and `train sounds`: what finds wordings, learnt. Knows files and options; how it is learnt is in `rewrite_online`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from resay.commands.console import JsonOption, console, print_json, progress
from resay.commands.example_sets import TEXTS, TextsOption
from resay.dialogue.errors import ResayError
from resay.dialogue.text import canonical
from resay.label.corpora.slurp import SlurpText, read_slurp
from rewrite_online.encoder import embedded_towers
from rewrite_online.sound import written
from rewrite_online.train_sound import learn_rules, read_dictionary
from rewrite_online.train_towers import Pair, learn_heads

EncoderOption = Annotated[
    Path, typer.Option("--encoder", metavar="DIR", help="The encoder's folder, as `resay train encoder` writes it.", show_default=True)
]

ENCODER = Path("models/minilm")


class NothingLearnt(ResayError):
    """What was learnt is no better than what was there."""


def towers(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The heads.")],
    texts: TextsOption = TEXTS,
    encoder: EncoderOption = ENCODER,
    seed: Annotated[int, typer.Option("--seed")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Teach the towers on what a recogniser heard, and the texts that had been read to it; heads beside the encoder are not begun from.

    What is learnt is kept only where it finds the wordings of texts set apart better. Texts and recogniser output of SLURP may ship.

    Examples: `resay train towers --out models/minilm/heads.npz` · `resay train towers --texts slurp --out heads.npz --json`
    """
    pairs = list(pairs_of(read_slurp(texts)))
    with progress("Teaching", unit="batches", shown=not as_json) as tick:
        lesson = learn_heads(pairs, embedded_towers(encoder, with_heads=False), rng=np.random.default_rng(seed), tick=tick)
    if lesson.heads is None:
        message = f"pairs must teach something; got {lesson.pairs:,} of them and {lesson.reason}; are they of the recogniser that is meant?"
        raise NothingLearnt(message)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(bytes(lesson.heads))
    figures = {"pairs": lesson.pairs, "before": lesson.before, "after": lesson.after}
    if as_json:
        print_json({"out": str(out), "seed": seed} | figures)
    else:
        console.print(f"{out}: of texts set apart {lesson.before:.1%} found first before, {lesson.after:.1%} after", markup=False)


def sounds(
    dictionary: Annotated[Path, typer.Option("--dictionary", metavar="FILE", help="Words with their phones, as CMUdict has them.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The rules, one a line.")],
    as_json: JsonOption = False,
) -> None:
    """Learn how letters sound from a dictionary of pronunciations.

    Examples: `resay train sounds --dictionary cmudict-en-us.dict --out rewrite_online/letters.tsv`
    """
    with dictionary.open(encoding="utf-8") as lines:
        words = list(read_dictionary(lines))
    with progress("Aligning", unit="rounds", shown=not as_json) as tick:
        rules = learn_rules(words, tick=tick)
    out.write_text(written(rules), encoding="utf-8")
    figures = {"out": str(out), "words": len(words), "rules": len(rules)}
    if as_json:
        print_json(figures)
    else:
        console.print(f"{len(rules):,} rules of {len(words):,} words in {out}", markup=False)


def pairs_of(texts: Sequence[SlurpText]) -> Iterator[Pair]:
    """What was heard of each text, and the text, where they differ."""
    for text in texts:
        meant = canonical(text.text)
        heard = {canonical(reading.text) for reading in text.readings} - {"", meant}
        slots = sorted((piece.slot, canonical(piece.text)) for piece in text.pieces if piece.slot)
        yield from (Pair(each, meant, f"{text.intent} {slots}") for each in sorted(heard))
