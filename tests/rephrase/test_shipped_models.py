"""The models that ship: whole, small, told what they are by their cards, and of use."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from rephrase.detect import checked
from rephrase.model_detector import ModelDetector, read_detector
from resay.commands.detectors import MODELS
from resay.dialogue.session import SESSION_TURNS_MAX
from resay.training.encoder import TextEncoder
from tests.builders import session, turn

FOLDERS = sorted(path.parent.name for path in MODELS.glob("*/card.json"))

SPAN = "rephrase-span"

MODEL_BYTES_MAX = 25_000_000
ALL_BYTES_MAX = 60_000_000
"""What a clone of the repository has to fetch for all of them (DESIGN 14)."""


@pytest.fixture(scope="module")
def detector() -> ModelDetector:
    if not (MODELS / SPAN).exists():
        pytest.skip(f"models/{SPAN} does not ship yet (docs/decisions/0010); `resay train rephrase --out models/{SPAN}` makes one")
    return read_detector(MODELS / SPAN, threads=1)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_model_is_small_and_as_its_card_says(name: str):
    """Each file has the hash of the card, and the largest is a download of seconds."""
    card = json.loads((MODELS / name / "card.json").read_text())

    assert {file: hashlib.sha256((MODELS / name / file).read_bytes()).hexdigest() for file in card["sha256"]} == card["sha256"]
    assert max((MODELS / name / file).stat().st_size for file in card["sha256"]) <= MODEL_BYTES_MAX


def test_all_models_together_are_small():
    """As git keeps them."""
    listed = subprocess.run(["git", "ls-files", "models"], cwd=MODELS.parent, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout")

    assert sum((MODELS.parent / name).stat().st_size for name in listed) <= ALL_BYTES_MAX


def test_the_span_model_finds_a_second_try_in_a_domain_it_never_met(detector: ModelDetector):
    """A repair of a banking request, and none in what went well."""
    refused = session(
        turn("transfer fifty euros to my saving", status="failed", response="Sorry, I cannot find that account."),
        turn("transfer fifty euros to my savings account", at=6, status="done", response="Transferred."),
    )
    good = session(
        turn("transfer fifty euros to my savings account", response="Transferred."), turn("what is my balance", at=12, response="90 euros.")
    )

    (link,) = detector.links(refused)

    assert link.probability > 0.7
    assert (link.start, link.end) == (0, 42)
    assert all(each.probability < 0.2 for each in detector.links(good))


def test_the_encoder_brings_like_meanings_together():
    """Other words for one wish are nearer than another wish; equal texts have equal vectors in whatever company."""
    encode = TextEncoder(MODELS / "minilm")

    one, like, other = encode(["turn on the kitchen lights", "switch the lights on in the kitchen", "what's the weather tomorrow"])

    assert one @ like > 0.8
    assert one @ other < 0.3
    assert (encode(["turn on the kitchen lights"])[0] == one).all()


def test_odd_sessions_are_no_trouble(detector: ModelDetector):
    """One turn, no words, other scripts and emoji."""
    assert detector.links(session(turn("play madonna"))) == []
    assert detector.links(session(turn(""), turn("", at=5))) == []
    odd = session(turn("включи свет", status="failed"), turn("🙂🙂", at=3), turn("включи свет", at=6), turn("灯を点けて", at=9))
    assert checked(odd, detector.links(odd))


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_longest_session_is_judged_in_bounded_time(detector: ModelDetector):
    """500 turns of 2,000 characters: a window a turn, each of 128 tokens at most; a minute of a core at worst."""
    talk = session(*(turn(f"{number} играй мадонну 再生 " * 90, at=number, status="failed") for number in range(SESSION_TURNS_MAX)))

    assert len(checked(talk, detector.links(talk))) <= 3 * SESSION_TURNS_MAX


def test_running_a_model_needs_no_torch():
    """Whoever runs what ships has nothing of what trained it."""
    program = (
        "import sys; import resay.commands.label, rephrase.model_detector; from resay.commands.detectors import MODELS; "
        "from resay.training.encoder import TextEncoder; TextEncoder(MODELS / 'minilm')(['hello']); "
        "print(sorted({'torch', 'transformers', 'onnx'} & sys.modules.keys()))"
    )

    result = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)

    assert (result.returncode, result.stdout.strip()) == (0, "[]"), result.stderr
