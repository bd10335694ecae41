"""The trunk as exported and as torch runs it: the same answers within tolerance."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from resay.commands.bench.kept_vectors import Vectored  # noqa: E402
from resay.commands.bench.serve_home import make_home  # noqa: E402
from resay.commands.encoders import shipped_encoder  # noqa: E402
from resay.commands.serve import Trialled, serve_in_background  # noqa: E402
from resay.commands.settings import Settings  # noqa: E402
from resay.dialogue.rewrite import BeforeRequest, Heard  # noqa: E402
from resay.store.artifact import Shelf  # noqa: E402
from resay.training.device import Device, DeviceUnavailable  # noqa: E402
from resay.training.encoder import TextEncoder  # noqa: E402
from rewrite_online.global_certificate import global_layer  # noqa: E402
from rewrite_online.index import Index  # noqa: E402
from rewrite_online.torch_encoder import DeviceIndex, Together, TorchSearch, TorchTrunk, towers_on  # noqa: E402
from tests.serving.conftest import wait_until  # noqa: E402

MODELS = Path(__file__).parent.parent.parent / "models"

TEXTS = [
    "turn on the light",
    "turn of the lied",
    "",
    "what is the weather in berlin tomorrow morning",
    "play some jazz music by miles davis in the living room please and set the volume to thirty percent then dim the lights",
    "включи свет",
    "word " * 10_000,
    *[f"set an alarm for {number}" for number in range(5)],
]

DEVICES = [Device("cpu", bf16=False), Device("cpu", bf16=True)]
if torch.cuda.is_available():
    DEVICES.append(Device("cuda", bf16=True))


@pytest.mark.slow
@pytest.mark.parametrize("device", DEVICES, ids=lambda device: f"{device.name}-{'bf16' if device.bf16 else 'fp32'}")
def test_torch_answers_as_the_exported_trunk(device: Device):
    """Vectors of equal texts point the same way, and bring the same texts together, though one runs in eight bits."""
    exported = TextEncoder(MODELS / "minilm")(TEXTS)

    run = TorchTrunk(device, batch=8)(TEXTS)

    cosines = (exported * run).sum(axis=1) / np.linalg.norm(run, axis=1)
    assert cosines.min() >= 0.95
    assert np.mean(cosines) >= 0.98
    assert np.abs(exported @ exported.T - run @ run.T).max() <= 0.08


@pytest.mark.slow
def test_company_moves_a_vector_by_next_to_nothing():
    """Filled-up rows and longer neighbours leave a text's vector as it is."""
    trunk = TorchTrunk(Device("cpu", bf16=False), batch=8)

    alone, among = trunk(TEXTS[:1]), trunk(TEXTS)

    assert np.allclose(alone[0], among[0], atol=1e-5)
    assert trunk([]).shape == (0, 384)


def test_search_on_a_device_finds_what_the_index_finds():
    """Both compare every vector."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(500, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    numbers = np.arange(1_000, 1_500)
    index, search = Index(numbers, rows), TorchSearch(numbers, rows, Device("cpu", bf16=False))

    found, scores = search.search(rows[:20], at_most=5)

    for row in range(20):
        expected, products = index.search(rows[row], at_most=5)
        assert list(found[row]) == list(expected)
        assert scores[row] == pytest.approx(products, abs=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_here_is_told_before_anything_is_served(tmp_path: Path):
    """With the name that was given and what to look for."""
    settings = Settings(home=tmp_path, api_key=None, hash_key=None)

    with pytest.raises(DeviceUnavailable, match="device 'cuda' must be one that torch has here"):
        serve_in_background(settings, port=0, trials=Trialled(device="cuda"))


def test_an_index_on_a_device_finds_what_it_was_made_of():
    """Of all, of one stretch of numbers, and of a stretch that holds less than is wanted; and tells the same vectors."""
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = Index(np.arange(1_000, 1_300), rows)
    placed = DeviceIndex(index, Device("cpu", bf16=False))

    for within in (None, (1_050, 1_090), (1_290, 2_000), (5, 6)):
        for row in rows[:5]:
            (numbers, scores), (expected, products) = (each.search(row, at_most=12, within=within) for each in (placed, index))
            assert list(numbers) == list(expected)
            assert scores == pytest.approx(products, abs=1e-5)
    asked = np.array([1_007, 3])
    assert list(placed.holds(asked)) == list(index.holds(asked)) == [True, False]
    assert (placed.vectors(asked[:1]) == rows[7]).all()
    assert len(placed) == 300


def test_who_asks_while_it_runs_is_run_for_together():
    """One runs; three come meanwhile, and are run for at once. Each gets its own rows."""
    held, ran = threading.Event(), list[int]()

    def trunk(texts: Sequence[str]) -> np.ndarray:
        ran.append(len(texts))
        held.wait(60)
        return np.array([[float(len(text))] for text in texts], dtype=np.float32)

    together = Together(trunk)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together, ["a"])
        wait_until(lambda: ran == [1])
        others = [pool.submit(together, ["b" * count, "c"]) for count in (2, 3, 4)]
        wait_until(lambda: len(together._waiting) == 3)
        held.set()
        found = [each.result(60)[:, 0].tolist() for each in (first, *others)]

    assert ran == [1, 6]
    assert found == [[1.0], [2.0, 1.0], [3.0, 1.0], [4.0, 1.0]]


def test_what_breaks_is_told_to_all_who_asked_and_the_next_is_answered():
    """A fault of the device is nobody's for good."""
    broken = [True]

    def trunk(texts: Sequence[str]) -> np.ndarray:
        if broken.pop() if broken else False:
            message = "out of memory"
            raise RuntimeError(message)
        return np.zeros((len(texts), 2), dtype=np.float32)

    together = Together(trunk)

    with pytest.raises(RuntimeError, match="out of memory"):
        together(["a"])
    assert together(["a"]).shape == (1, 2)


@pytest.mark.slow
def test_a_generation_is_served_alike_on_a_device(tmp_path: Path):
    """Learnt with the exported encoder, answered by torch: the same candidates in the same order, with chances within a tenth."""
    towers = shipped_encoder()
    assert towers is not None, "the encoder ships"
    talk = make_home(tmp_path, wordings=1_000, seed=3, meant=Vectored(towers))
    generation = Shelf(tmp_path / "rewrites").current()
    assert generation is not None, "it was published"
    on_device = towers_on(Device("cpu", bf16=False), MODELS / "minilm", batch=8)
    layers = [global_layer(generation, (), encoder=lambda each=each: each) for each in (towers, on_device)]
    now = datetime(2026, 11, 20, tzinfo=UTC)

    for words in talk.unknown[:40]:
        asked = BeforeRequest(Heard("t", "nobody", now, words))
        ours, theirs = ({each.candidate.wording.text: each.as_rewritten for each in layer.consider(asked)} for layer in layers if layer)
        both = ours.keys() & theirs.keys()
        assert len(both) >= len(ours) - 1
        assert {text: theirs[text] for text in both} == pytest.approx({text: ours[text] for text in both}, abs=0.1)
