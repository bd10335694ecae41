# ruff: noqa: T201 - it is run by hand, and printing is what it is for.
"""How many windows a second the trained detector judges, beside the bare model on the very same windows.

The bare model is run one by one on as many threads, and in padded batches. Sides are interleaved, and the median of each is told: ratios
hold on a busy machine, rates do not.

Run: `python -m benchmarks.windows_a_second models/rephrase-span choose.jsonl.gz` (a minute; examples of `resay examples rephrase`).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, median

from rephrase.example_file import read_examples
from rephrase.model_detector import INPUTS, OUTPUT, read_detector
from rephrase.model_folder import MODEL_FILE, TOKENIZER_FILE, read_card
from rephrase.padded import Padded, padded
from rephrase.question import questions_of
from rephrase.word_pieces import WordPieces
from resay.dialogue.session import Session
from resay.training.onnx_model import OnnxModel

SESSIONS = 400
ROUNDS = 5
BATCH = 32
AT_ONCE = 64


def main() -> None:
    """Time all three, and print them."""
    folder, examples = Path(sys.argv[1]), Path(sys.argv[2])
    threads = os.cpu_count() or 1
    sessions = [Session(each.turns[0].customer_id, each.turns) for each, _ in zip(read_examples(examples), range(SESSIONS), strict=False)]
    card, pieces = read_card(folder), WordPieces((folder / TOKENIZER_FILE).read_bytes(), where=TOKENIZER_FILE)
    windows = [
        window for each in sessions for question in questions_of(each, pieces, card.rules, kind=card.kind) for window in question.windows
    ]
    model = OnnxModel(folder / MODEL_FILE, inputs=INPUTS, output=OUTPUT)
    single = [padded([window], padding=pieces.padding) for window in windows]
    ordered = sorted(windows, key=lambda window: len(window.tokens))
    batches = [padded(ordered[at : at + BATCH], padding=pieces.padding) for at in range(0, len(ordered), BATCH)]

    def detect() -> None:
        # A detector of its own each time: texts that were read before would be read for nothing.
        detector = read_detector(folder, threads=threads)
        for at in range(0, len(sessions), AT_ONCE):
            list(detector.links_of_all(sessions[at : at + AT_ONCE]))

    sides: dict[str, Callable[[], None]] = {
        "detector": detect,
        "bare, one by one": lambda: _run(model, single, threads=threads),
        "bare, in batches": lambda: _run(model, batches, threads=threads),
    }
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            began = time.perf_counter()
            side()
            rates[name].append(len(windows) / (time.perf_counter() - began))
    print(f"{len(windows):,} windows of {mean(len(window.tokens) for window in windows):.0f} tokens, {threads} threads")
    for name, told in rates.items():
        ratios = [one / bare for one, bare in zip(rates["detector"], told, strict=True)]
        print(f"{name:<20}{median(told):>8.1f} a second   detector over it {median(ratios):.2f}")


def _run(model: OnnxModel, arrays: Sequence[Padded], *, threads: int) -> None:
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(lambda each: model.run({"tokens": each.tokens, "segments": each.segments, "attention": each.attention}), arrays))


if __name__ == "__main__":
    main()
