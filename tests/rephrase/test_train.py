"""Training from examples to a folder that runs without torch, with a BERT that is not the embedded one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from rephrase.detect import checked
from rephrase.example import LINK, OTHER, Example
from rephrase.example_file import write_examples
from rephrase.model_detector import INPUTS, OUTPUT, asking, read_detector
from rephrase.model_folder import CARD_FILE, MODEL_FILE, TOKENIZER_FILE, WrongModelFolder, read_card
from rephrase.question import Kind, questions_of
from rephrase.rows import Row, rows_of
from rephrase.torch_detector import read_torch_detector
from rephrase.train import Material, TooFewExamples, TrainRules, apart, asking_torch, drawn, loss_of, mark_of, train
from rephrase.window import WindowRules
from rephrase.window_model import WindowModel, span_loss
from resay.commands.main import command_line
from resay.dialogue.errors import ResayError
from resay.training.checkpoint import WrongCheckpoint
from resay.training.device import Device, seed_all
from resay.training.loop import FitRules
from resay.training.onnx_model import OnnxModel, WrongModel
from resay.training.trunk import TrunkUnavailable, embedded_trunk, load_trunk
from tests.builders import session, turn
from tests.rephrase.made_model import random_trunk, word_pieces

CPU = Device("cpu", bf16=False)

PARITY = 0.05
"""How far a chance of this small model may move when it is brought to eight bits; of the one that ships 0.01 in the mean, 0.05 at the 95th
percentile and 0.15 at worst are tolerated (docs/decisions/0010-the-span-model.md)."""


def examples(count: int, group: str) -> list[Example]:
    """Half of them say the refused again, half ask for something else after success: the status tells."""
    made = []
    for number in range(count):
        again, words = number % 2 == 0, ("madonna", "prince")[number // 2 % 2]
        first = turn(f"play {words}", status="unsupported" if again else "done")
        second = turn(f"no i said {words}" if again else "lights off", at=3)
        target, span, kind = (1, (10, 10 + len(words)), LINK) if again else (None, (0, 0), OTHER)
        made.append(Example((first, second), target, *span, kind, f"{group}-{number}"))
    return made


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small products on several threads wait for each other, the longer the busier the machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    seed_all(3)
    return random_trunk(tmp_path_factory.mktemp("trunk"))


@pytest.fixture(scope="module", params=list(Kind))
def folder(request: pytest.FixtureRequest, trunk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model trained on what is easy to learn."""
    out = tmp_path_factory.mktemp("model")
    fitting = FitRules(epochs=12, rate=3e-3, head_rate=1e-2, patience=20)
    rules = TrainRules(request.param, trunk, fit=fitting, batch=8, frozen_layers=0, varies=False)
    train(apart(examples(64, "train"), examples(20, "choose"), "made"), rules, out=out, device=CPU)
    return out


def test_what_is_true_of_the_examples_is_learnt(folder: Path):
    """And said on the card, beside data, seed and hashes."""
    card = read_card(folder)

    assert card.figures["f1"] > 0.95
    assert (card.trained["examples"], card.trained["seed"], card.trained["training"]) == ("made", 7, 64)
    assert set(card.sha256) == {MODEL_FILE, TOKENIZER_FILE}


def test_the_folder_is_a_detector(folder: Path):
    """Of sessions it was not trained on; a span model points inside the utterance, the pairwise one goes by rule."""
    talk = session(turn("play prince", status="unsupported"), turn("no i said prince", at=4), turn("lights off", at=9))
    detector = read_detector(folder, threads=2)

    links = checked(talk, detector.links(talk))

    first = next(link for link in links if link.source_turn_id == "c1@0")
    assert (first.target_turn_id, first.start, first.end) == ("c1@4", 10, 16)
    assert first.probability > 0.8
    assert first.detector == f"{detector.name}/{read_card(folder).sha256[MODEL_FILE][:8]}"


def test_eight_bits_say_what_torch_says(folder: Path, trunk: Path):
    """Chances differ by less than `PARITY`."""
    card, pieces = read_card(folder), word_pieces()
    model = WindowModel(load_trunk(trunk), card.kind)
    model.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
    exported = asking(OnnxModel(folder / MODEL_FILE, inputs=INPUTS, output=OUTPUT), padding=pieces.padding, threads=1)
    whole = asking_torch(model, padding=pieces.padding, device=CPU)
    questions = [
        question for each in examples(12, "x") for question in questions_of(session(*each.turns), pieces, card.rules, kind=card.kind)
    ]
    windows = [window for question in questions for window in question.windows]

    chances = [[1 / (1 + np.exp(-float(each.max()))) for each in ask(windows)] for ask in (exported, whole)]

    assert np.abs(np.subtract(*chances)).max() < PARITY


def test_torch_links_what_eight_bits_link(folder: Path, trunk: Path):
    """The path for a GPU, here on the processor; without its weights it is one sentence."""
    talk = session(turn("play prince", status="unsupported"), turn("no i said prince", at=4), turn("lights off", at=9))

    links = read_torch_detector(folder, device=CPU, trunk=trunk).links(talk)

    expected = read_detector(folder, threads=1).links(talk)
    assert [(each.source_turn_id, each.target_turn_id) for each in links] == [
        (each.source_turn_id, each.target_turn_id) for each in expected
    ]
    assert [each.probability for each in links] == pytest.approx([each.probability for each in expected], abs=PARITY)
    with pytest.raises(WrongModelFolder, match=r"weights\.pt of this trunk"):
        read_torch_detector(folder, device=CPU)


@pytest.mark.parametrize("broken", [MODEL_FILE, TOKENIZER_FILE, CARD_FILE])
def test_a_changed_file_is_refused(folder: Path, tmp_path: Path, broken: str):
    """By its hash, or as no card."""
    for name in (MODEL_FILE, TOKENIZER_FILE, CARD_FILE):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / broken).write_bytes((folder / broken).read_bytes()[:-9])

    with pytest.raises(WrongModelFolder, match="resay train rephrase"):
        read_detector(tmp_path, threads=1)


def test_a_folder_without_a_model_is_one_sentence(tmp_path: Path):
    """It names the folder."""
    with pytest.raises(WrongModelFolder, match=str(tmp_path)):
        read_detector(tmp_path, threads=1)


def test_a_foreign_model_is_refused(folder: Path, tmp_path: Path):
    """No ONNX at all, or one with other inputs."""
    (tmp_path / "none.onnx").write_bytes(b"no model")

    with pytest.raises(WrongModel, match="onnxruntime reads"):
        OnnxModel(tmp_path / "none.onnx", inputs=INPUTS, output=OUTPUT)
    with pytest.raises(WrongModel, match="must take pixels and give numbers; it takes attention, segments, tokens"):
        OnnxModel(folder / MODEL_FILE, inputs=("pixels",), output=OUTPUT)


def test_what_was_chosen_on_leaves_training():
    """Groups on both sides are chosen on only; nothing left is one sentence."""
    both = examples(4, "both")

    assert apart([*both, *examples(2, "train")], both).training == examples(2, "train")
    with pytest.raises(TooFewExamples, match="same groups"):
        apart(both, both)


def test_training_is_forgotten_once_its_folder_is_written(trunk: Path, tmp_path: Path):
    """Cut off while the folder is written, it trains no step again; another training does not go on from it."""
    rules = TrainRules(Kind.SPAN, trunk, fit=FitRules(epochs=1), batch=8, frozen_layers=0)
    material = apart(examples(16, "train"), examples(8, "choose"))
    (tmp_path / CARD_FILE).mkdir()
    with pytest.raises(IsADirectoryError):
        train(material, rules, out=tmp_path, device=CPU)
    (tmp_path / CARD_FILE).rmdir()
    steps: list[int] = []

    with pytest.raises(WrongCheckpoint, match=r"batch 8, .* not .*batch 4, "):
        train(material, replace(rules, batch=4), out=tmp_path, device=CPU)
    card = train(material, rules, out=tmp_path, device=CPU, tick=lambda done, _total: steps.append(done))

    assert (card.trained["steps"], steps) == (2, [])
    assert not (tmp_path / "checkpoint.pt").exists()


def test_each_training_has_a_mark_of_its_own():
    """Other examples as many, another rule or another trunk is another training; the same is the same."""
    one, other, rules, trunk = examples(4, "one"), examples(4, "other"), TrainRules(), Path("minilm")
    mark = mark_of(Material(one, other), rules, trunk=trunk)

    others = {
        mark_of(Material(other, other), rules, trunk=trunk),
        mark_of(Material(one, one), rules, trunk=trunk),
        mark_of(Material(one, other), rules, trunk=Path("other") / trunk),
        *(mark_of(Material(one, other), each, trunk=trunk) for each in (replace(rules, batch=4), replace(rules, varies=False))),
        *(mark_of(Material(one, other), replace(rules, fit=each), trunk=trunk) for each in (FitRules(epochs=9), FitRules(rate=9.0))),
    }

    assert mark == mark_of(Material(examples(4, "one"), examples(4, "other")), TrainRules(), trunk=trunk)
    assert len(others - {mark}) == 7


def test_examples_are_drawn_from_everywhere():
    """A file that is in order does not decide; the same seed draws the same."""
    made = examples(100, "x")

    some = drawn(made, 20, seed=7)

    assert some == drawn(made, 20, seed=7)
    assert len({each.group for each in some}) == 20
    assert any(each in made[80:] for each in some)


def test_the_loss_is_that_of_all_spans_of_one_candidate():
    """By hand: two candidates of one and two tokens and `[CLS]` give 1 + 1 + 3 answers, equally likely here."""
    places = torch.tensor([[-1, -1, 1, -1, 2, 2, -1]])
    even = torch.zeros((1, 7, 2))

    loss = span_loss(even, places, torch.tensor([[4, 5]]))

    assert float(loss) == pytest.approx(np.log(5))


def test_padding_changes_nothing(trunk: Path):
    """The loss of a row is the same in longer company."""
    pieces = word_pieces()
    seed_all(5)
    model = WindowModel(load_trunk(trunk), Kind.SPAN).eval()
    long = Example((turn("play"), *(turn("play the song", at=number) for number in range(1, 4))), None, 0, 0, OTHER, "g")
    rows: list[Row] = [row for each in (examples(1, "x")[0], long) for row in rows_of(each, pieces, WindowRules(), kind=Kind.SPAN)]

    with torch.no_grad():
        together = float(loss_of(model, rows, padding=pieces.padding, device=CPU))
        alone = [float(loss_of(model, [row], padding=pieces.padding, device=CPU)) for row in rows]

    assert together == pytest.approx(sum(alone) / 2, rel=1e-4)


def test_no_bert_is_one_sentence(tmp_path: Path):
    """A folder without one, and one of another kind."""
    with pytest.raises(TrunkUnavailable, match="must hold a BERT"):
        load_trunk(tmp_path)


def test_the_embedded_trunk_is_there():
    """With its tokeniser and weights."""
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in embedded_trunk().iterdir()}


def test_the_command_trains_and_the_other_detects(trunk: Path, tmp_path: Path):
    """From example files to a folder, and from a log to chances for every pair."""
    for name, group, count in (("train", "t", 32), ("choose", "c", 8)):
        write_examples(tmp_path / f"{name}.jsonl.gz", examples(count, group))
    words = f"rephrase --examples {tmp_path}/train.jsonl.gz --choose {tmp_path}/choose.jsonl.gz --out {tmp_path}/model --trunk {trunk}"
    options = "--epochs 2 --frozen-layers 0 --device cpu --precision fp32 --threads 1 --json"

    result = CliRunner().invoke(command_line("train"), ["train", *words.split(), *options.split()])

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["trained"]["steps"] == 4
    assert read_detector(tmp_path / "model", threads=1).name == "span"


def test_examples_that_are_missing_are_one_sentence(tmp_path: Path):
    """Before anything heavy begins."""
    words = f"rephrase --examples {tmp_path}/none.gz --choose {tmp_path}/none.gz --out {tmp_path}/model"

    result = CliRunner().invoke(command_line("train"), ["train", *words.split()])

    assert isinstance(result.exception, ResayError)
    assert "none.gz" in str(result.exception)
