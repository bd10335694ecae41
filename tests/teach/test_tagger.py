"""The tagger without torch answers what torch does, is trained by how unlikely the right places are, and refuses other folders."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resay.teach.bars import Bars
from resay.teach.material import Made, read_material
from resay.teach.model_folder import CARD_FILE, MODEL_FILE, Card, WrongTeachingModel, read_model, write_card
from resay.teach.span_model import ENCODER
from resay.teach.span_path import SCORES, Part, best_places
from resay.teach.tagger import Tagger
from resay.training.token_states import TokenStates
from tests.teach.wordings import SMALL

A, W, M = Part.AROUND, Part.WORDS, Part.MEANING
BOTH = ((W, M), (M, W))

BARS = Bars(sure=0.5, guess=0.25)

MADE = (
    Made(("when", "i", "say", "lumos", "dim", "the", "lamp"), (A, A, A, W, M, M, M), "request"),
    Made(("the", "lamp", "is", "bertha"), (A, M, A, W), "name"),
    Made(("no", "dim", "the", "lamp"), (A, M, M, M), "correction"),
    Made(("dim", "the", "lamp"), (A, A, A), "none"),
    Made(("stop",), (A,), "none"),
)


@cache
def rows() -> list[Any]:
    """Of the utterances above."""
    pytest.importorskip("torch")
    from resay.teach.train import rows_of

    return rows_of(MADE, TokenStates(ENCODER))


@cache
def net() -> Any:
    """A net that has learnt nothing."""
    torch = pytest.importorskip("torch")
    from resay.teach.train import Net

    torch.manual_seed(7)
    return Net().eval()


def written(folder: Path, *, learnt: Any) -> Tagger:
    """A net's folder, read again."""
    from resay.teach.train import export_tagger

    export_tagger(learnt, rows(), folder / MODEL_FILE, seed=7)
    write_card(folder, Card(BARS))
    tagger, bars = read_model(folder)
    assert bars == BARS
    return tagger


def test_it_answers_what_torch_answers(tmp_path: Path):
    """Nearly: eight bits round what is said, and nothing is said of the first and the last token."""
    torch = pytest.importorskip("torch")
    tagger = written(tmp_path, learnt=net())

    for row in rows():
        states = row.states.astype(np.float32)
        with torch.no_grad():
            said = net()(torch.from_numpy(states)[None])[0].numpy()
        told = tagger(states)

        assert told.scores.shape == (len(states) - 2, SCORES)
        assert np.abs(told.scores - said[1:-1, :SCORES]).max() < 0.3
        kinds = np.exp(said[0, SCORES:]) / np.exp(said[0, SCORES:]).sum()
        assert np.allclose(told.kinds, kinds, atol=0.1)


def test_what_fills_a_batch_changes_nothing():
    """A short utterance is told the same beside a long one, and its places are as unlikely as they are to whoever serves it."""
    torch = pytest.importorskip("torch")
    from resay.teach import train

    batch = train._batch(rows())
    with torch.no_grad():
        together = net()(batch.states, batch.filled)
        for place, row in enumerate(rows()):
            alone = net()(torch.from_numpy(row.states.astype(np.float32))[None])[0]
            assert torch.allclose(together[place, : len(alone)], alone, atol=1e-3)
        for place, (made, row) in enumerate(zip(MADE[:2], rows()[:2], strict=True)):
            one = train._batch([row])
            said = net()(one.states, one.filled)
            scores = said[..., :SCORES].gather(1, one.begun.unsqueeze(-1).expand(-1, -1, SCORES))
            lost = float(train._places_loss(scores, one))
            wanted = _lost(scores[0].numpy(), made)
            assert lost == pytest.approx(wanted, abs=1e-3), place


def _lost(scores: Any, made: Made) -> float:
    """As the served arithmetic has it: what the right places are less likely than the best, and the best than certain."""
    runs = {part: [place for place, each in enumerate(made.parts) if each is part] for part in (W, M)}
    steered = scores.copy()
    for part, places in runs.items():
        steered[places[0], 3 * (part - 1) + 1] += 100.0
        steered[places[-1], 3 * (part - 1) + 2] += 100.0
    right, best = best_places(steered, BOTH), best_places(scores, BOTH)
    assert right is not None
    assert best is not None
    return _score(scores, best.runs) - _score(scores, right.runs) - best.log_chance


def _score(scores: Any, runs: dict[Part, tuple[int, int]]) -> float:
    from resay.teach.span_path import run_scores

    return float(sum(run_scores(scores, part)[first, behind - 1] for part, (first, behind) in runs.items()))


def test_it_learns(tmp_path: Path):
    """A handful of wordings, so that what is written finds words and meanings that it was not trained on."""
    pytest.importorskip("torch")
    from resay.teach.train import Lessons, learn_tagger, readings_of
    from resay.training.loop import FitRules

    (tmp_path / "w.txt").write_text(SMALL)
    states = TokenStates(ENCODER)
    material = read_material(tmp_path / "w.txt", states.vocabulary.words())
    rules = FitRules(epochs=1, rate=5e-4, head_rate=5e-3, looks=1)
    learnt, fitted = learn_tagger(Lessons(material, 480, seed=7), rows() * 4, states=states, rules=rules)
    tagger = written(tmp_path, learnt=learnt)

    assert fitted.steps == 30
    assert [each.right for each in readings_of(tagger, rows()[:4])] == [True, True, True, False]
    assert [each.chance > 0.5 for each in readings_of(tagger, rows()[:4])] == [True, True, True, False]


def test_a_written_net_is_trained_on(tmp_path: Path):
    """What it knew is what it begins with, but for what eight bits round; a new one would know nothing of it."""
    torch = pytest.importorskip("torch")
    from resay.teach.train import Lessons, learn_tagger
    from resay.training.loop import FitRules

    written(tmp_path, learnt=net())
    (tmp_path / "w.txt").write_text(SMALL)
    states = TokenStates(ENCODER)
    material = read_material(tmp_path / "w.txt", states.vocabulary.words())
    still = FitRules(epochs=1, rate=0.0, head_rate=0.0, looks=1)
    begun, _ = learn_tagger(Lessons(material, 16, seed=3, start=tmp_path / MODEL_FILE), rows() * 4, states=states, rules=still)

    known = begun.state_dict()

    assert known.keys() == net().state_dict().keys()
    for name, wanted in net().state_dict().items():
        assert torch.linalg.vector_norm(known[name] - wanted) <= 0.3 * torch.linalg.vector_norm(wanted), name


def test_a_folder_that_was_changed_is_refused(tmp_path: Path):
    """By the hash on its card, as it is no net, or as it lacks something."""
    (tmp_path / MODEL_FILE).write_bytes(b"no net")
    write_card(tmp_path, Card(BARS))
    with pytest.raises(WrongTeachingModel, match="onnxruntime"):
        read_model(tmp_path)

    (tmp_path / MODEL_FILE).write_bytes(b"another")
    with pytest.raises(WrongTeachingModel, match="hash"):
        read_model(tmp_path)

    (tmp_path / CARD_FILE).write_text(json.dumps({"sha256": {}}))
    with pytest.raises(WrongTeachingModel):
        read_model(tmp_path)
