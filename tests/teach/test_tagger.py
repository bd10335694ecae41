"""The tagger without torch answers what torch does, and refuses other weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from resay.teach.model_folder import CARD_FILE, MODEL_FILE, Card, WrongTeachingModel, read_model, write_model
from resay.teach.tagger import LAYERS, STATE_SIZE, Numbers, Tagger, decode_weights, encode_weights, shapes

RNG = np.random.default_rng(7)


def weights() -> dict[str, Numbers]:
    """Some."""
    return {name: RNG.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes().items()}


def test_it_answers_what_torch_answers():
    """The net that is trained, and the arithmetic that is served."""
    torch = pytest.importorskip("torch")
    from resay.teach.train import Net

    given = weights()
    net = Net()
    net.load_state_dict({name: torch.from_numpy(each) for name, each in given.items()})
    net.eval()
    states = RNG.normal(0, 2, (9, len(LAYERS) * STATE_SIZE)).astype(np.float32)

    with torch.no_grad():
        labels, kinds = net(torch.from_numpy(states)[None], torch.tensor([9]))
    told = Tagger(given)(states)

    assert np.allclose(told.labels, torch.log_softmax(labels[0], -1).numpy(), atol=1e-4)
    assert np.allclose(told.kinds, torch.softmax(kinds[0], -1).numpy(), atol=1e-4)


def test_weights_come_back_from_their_file():
    """In sixteen bits."""
    given = weights()

    back = decode_weights(encode_weights(given))

    assert all(np.allclose(back[name], given[name], atol=1e-3) for name in given)


def test_a_folder_that_was_changed_is_refused(tmp_path: Path):
    """By the hash on its card, or as it lacks something."""
    write_model(tmp_path, weights(), Card())
    assert isinstance(read_model(tmp_path), Tagger)

    (tmp_path / MODEL_FILE).write_bytes(encode_weights(weights()))
    with pytest.raises(WrongTeachingModel, match="hash"):
        read_model(tmp_path)

    (tmp_path / CARD_FILE).write_text(json.dumps({"sha256": {}}))
    with pytest.raises(WrongTeachingModel):
        read_model(tmp_path)


def test_a_weight_of_another_shape_is_refused():
    """Before it is asked anything."""
    given = weights() | {"narrow.bias": np.zeros(3, dtype=np.float32)}

    with pytest.raises(ValueError, match=r"narrow\.bias"):
        Tagger(given)
