"""Which detector links: one choice for every command, by name, model and device; what cannot be had is one sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from rephrase.model_folder import MODEL_FILE, ModelCard, WrongModelFolder, write_card
from rephrase.question import Kind
from rephrase.train import WEIGHTS_FILE, export
from rephrase.window import WindowRules
from rephrase.window_model import WindowModel
from resay.commands import detectors, label
from resay.commands.detectors import DEFAULT, MODELS, DetectorAsked, DetectorName, asked_detector, detector_of, name_of
from resay.dialogue.codec import encode, whole
from resay.dialogue.errors import ResayError
from resay.training.device import DeviceUnavailable, seed_all
from resay.training.onnx_model import WrongModel
from resay.training.trunk import TOKENIZER_FILE, load_trunk
from tests.builders import turn
from tests.rephrase.made_model import made_rows, random_trunk, tokenizer_bytes, word_pieces

TALK = (
    turn("play prince", at=0, turn_id="t1", status="unsupported"),
    turn("no i said prince", at=4, turn_id="t2"),
    turn("lights off", at=9, turn_id="t3"),
)


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    seed_all(3)
    return random_trunk(tmp_path_factory.mktemp("trunk"))


@pytest.fixture(scope="module")
def model(trunk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a span model that learnt nothing, as training leaves it."""
    folder = tmp_path_factory.mktemp("model")
    made = WindowModel(load_trunk(trunk), Kind.SPAN)
    (folder / TOKENIZER_FILE).write_bytes(tokenizer_bytes())
    torch.save(made.state_dict(), folder / WEIGHTS_FILE)
    export(made, made_rows(Kind.SPAN), folder / MODEL_FILE, padding=word_pieces().padding)
    write_card(folder, ModelCard(Kind.SPAN, WindowRules(), temperature=1.0, threshold=0.5))
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "turns.jsonl"
    path.write_bytes(b"".join(encode(whole(each)) + b"\n" for each in TALK))
    return path


def run(*words: object):
    """What the command answers."""
    app = typer.Typer()
    label.register(app)
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_usual_detector_is_one_that_can_be_had():
    """A clone links with what it holds: where the default is a trained model, that model ships."""
    assert DEFAULT not in detectors.TRAINED or (MODELS / f"rephrase-{DEFAULT}" / "card.json").exists()
    assert detector_of().name == DEFAULT


def test_rules_can_be_asked_for_whatever_is_usual():
    """By their name."""
    assert detector_of(DetectorAsked(DetectorName.COMBINED)).name == "combined"


def test_torch_on_a_device_says_what_was_exported_says(model: Path, trunk: Path, log: Path):
    """Every pair again, with about its chance, from one batch; its version says that it is another."""
    asked = ("detect", "--input", log, "--json", "--detector", "span", "--model", model)

    exported = run(*asked)
    told = run(*asked, "--device", "cpu", "--trunk", trunk)

    assert (exported.exit_code, told.exit_code) == (0, 0), told.output
    ours, theirs = ([json.loads(line) for line in each.stdout.splitlines()] for each in (told, exported))
    assert [(each["source"], each["target"]) for each in ours] == [("t1", "t2"), ("t1", "t3"), ("t2", "t3")]
    assert [each["probability"] for each in ours] == pytest.approx([each["probability"] for each in theirs], abs=0.05)
    in_torch = detector_of(DetectorAsked(DetectorName.SPAN, model, "cpu", trunk))
    assert name_of(in_torch) == f"{name_of(detector_of(DetectorAsked(DetectorName.SPAN, model)))}-torch"


@pytest.mark.parametrize("device", ["cuda:63", "abacus"])
def test_a_device_that_is_not_there_is_one_sentence(model: Path, log: Path, device: str):
    """No GPU of that number, or no such thing."""
    result = run("detect", "--input", log, "--detector", "span", "--model", model, "--device", device)

    assert isinstance(result.exception, DeviceUnavailable)
    assert f"device '{device}' must be one that torch has here" in str(result.exception)


def test_a_folder_of_another_kind_is_wrong_usage(model: Path, log: Path):
    """A span model is no pairwise one."""
    result = run("detect", "--input", log, "--detector", "pairwise", "--model", model)

    assert result.exit_code == 2
    assert "span one" in " ".join(result.stderr.replace("│", " ").split())


def test_a_folder_without_weights_has_no_torch_to_offer(model: Path, trunk: Path, log: Path, tmp_path: Path):
    """What ships runs without torch, and says so."""
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    copied(model, shipped)

    result = run("detect", "--input", log, "--detector", "span", "--model", shipped, "--device", "cpu", "--trunk", trunk)

    assert isinstance(result.exception, ResayError)
    assert "what ships goes without" in str(result.exception)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [(DetectorName.COMBINED, {"device": "cpu"}), (DetectorName.BM25, {"device": "cpu"}), (DetectorName.SPAN, {"trunk": Path()})],
)
def test_options_that_say_nothing_are_wrong_usage(name: DetectorName, wrong: dict[str, object]):
    """A device for rules, a trunk for what was exported."""
    with pytest.raises(typer.BadParameter):
        asked_detector(name, None, **wrong)  # type: ignore[arg-type] # one of both


def test_a_baseline_over_a_whole_lake_does_not_stream():
    """BM25 weighs words by all that was said, which nobody knows while turns come in."""
    with pytest.raises(typer.BadParameter, match="bm25"):
        detector_of(DetectorAsked(DetectorName.BM25))


@pytest.mark.parametrize(
    "wrong", [{"temperature": 0.0}, {"temperature": float("nan")}, {"threshold": 2.0}, {"tokens_max": 1}, {"lag_max": 0}]
)
def test_a_card_of_impossible_numbers_is_one_sentence(model: Path, tmp_path: Path, wrong: dict[str, float]):
    """Its chances would be none."""
    copied(model, tmp_path)
    card = json.loads((tmp_path / "card.json").read_text())
    for name, value in wrong.items():
        place = card if name in card else card["rules"] if name in card["rules"] else card["rules"]["bounds"]
        place[name] = value
    (tmp_path / "card.json").write_text(json.dumps(card))

    with pytest.raises(WrongModelFolder, match="are none"):
        detector_of(DetectorAsked(DetectorName.SPAN, tmp_path))


def test_a_model_behind_another_kinds_card_is_one_sentence(model: Path, tmp_path: Path):
    """It is found out when it is opened: one number a window is no span, two a token are no pair."""
    copied(model, tmp_path)
    write_card(tmp_path, ModelCard(Kind.PAIRWISE, WindowRules(), temperature=1.0, threshold=0.5))

    with pytest.raises(WrongModel, match="sizes are 1 and 128 x 2"):
        detector_of(DetectorAsked(DetectorName.PAIRWISE, tmp_path))


@pytest.mark.parametrize("rules", [WindowRules(tokens_max=400), WindowRules()])
def test_a_model_that_does_not_know_all_tokens_is_one_sentence(model: Path, tmp_path: Path, rules: WindowRules):
    """More of them than it has places for, or a tokeniser of more words: found out when it is opened, too."""
    copied(model, tmp_path)
    if rules == WindowRules():
        more = json.loads(tokenizer_bytes())
        more["model"]["vocab"]["unheard"] = len(more["model"]["vocab"])
        (tmp_path / TOKENIZER_FILE).write_text(json.dumps(more))
    write_card(tmp_path, ModelCard(Kind.SPAN, rules, temperature=1.0, threshold=0.5))

    with pytest.raises(WrongModel, match="does its tokeniser belong to it"):
        detector_of(DetectorAsked(DetectorName.SPAN, tmp_path))


def test_another_onnx_is_one_sentence(model: Path, tmp_path: Path):
    """One with other inputs, hash and card all right; and no ONNX at all."""
    copied(model, tmp_path)
    shutil.copy(MODELS / "minilm" / "encoder.onnx", tmp_path / MODEL_FILE)
    write_card(tmp_path, ModelCard(Kind.SPAN, WindowRules(), temperature=1.0, threshold=0.5))
    with pytest.raises(WrongModel, match="must take tokens, segments, attention and give numbers"):
        detector_of(DetectorAsked(DetectorName.SPAN, tmp_path))

    (tmp_path / MODEL_FILE).write_bytes(b"no model")
    write_card(tmp_path, ModelCard(Kind.SPAN, WindowRules(), temperature=1.0, threshold=0.5))
    with pytest.raises(WrongModel, match="one that onnxruntime reads"):
        detector_of(DetectorAsked(DetectorName.SPAN, tmp_path))


@pytest.mark.parametrize("name", [MODEL_FILE, TOKENIZER_FILE, "card.json"])
@pytest.mark.parametrize("how", ["missing", "cut off", "tampered with"])
def test_a_folder_that_is_not_as_it_was_written_is_one_sentence(model: Path, log: Path, tmp_path: Path, name: str, how: str):
    """It ends the command before anything is printed."""
    folder = tmp_path / "model"
    folder.mkdir()
    copied(model, folder)
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    if how != "missing":
        (folder / name).write_bytes(content[:-7] if how == "cut off" else content.replace(b"a", b"b", 1))

    result = run("detect", "--input", log, "--detector", "span", "--model", folder)

    assert result.stdout == ""
    assert isinstance(result.exception, WrongModelFolder)


def copied(model: Path, folder: Path) -> None:
    """A model's folder as it ships, in another place."""
    for name in (MODEL_FILE, TOKENIZER_FILE, "card.json"):
        shutil.copy(model / name, folder / name)


def test_other_weights_are_another_version(model: Path, tmp_path: Path):
    """What refuses to go on with other links compares versions, not folders."""
    other, same = tmp_path / "other", tmp_path / "same"
    for folder in (other, same):
        folder.mkdir()
        copied(model, folder)
    (other / MODEL_FILE).write_bytes((model / MODEL_FILE).read_bytes() + b"\x9a\x06\x00")
    write_card(other, ModelCard(Kind.SPAN, WindowRules(), temperature=1.0, threshold=0.5))

    named = [name_of(detector_of(DetectorAsked(DetectorName.SPAN, folder))) for folder in (model, same, other)]

    assert named[0] == named[1] != named[2]
