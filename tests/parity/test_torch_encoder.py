"""The trunk as exported and as torch runs it: the same answers within tolerance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from resay.training.device import Device  # noqa: E402
from resay.training.encoder import TextEncoder  # noqa: E402
from rewrite_online.index import Index  # noqa: E402
from rewrite_online.torch_encoder import TorchSearch, TorchTrunk  # noqa: E402

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
