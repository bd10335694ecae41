"""Voices and noise: real programs speak, noise is as loud as was asked for, and nothing is left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from resay.lab.sound import SAMPLES_A_SECOND, Noise, NoVoice, mix, speak
from tests.lab.programs import need

ESPEAK = ["espeak", "en-us", 145, 45]
FLITE = ["flite", "slt", 1.0, 1.0]
TONE = (3_000 * np.sin(np.arange(SAMPLES_A_SECOND) / 5)).astype(np.float32)
"""A second of something loud."""


@pytest.mark.parametrize("voice", [ESPEAK, FLITE, ["flite", "kal", 0.95, 1.05]])
def test_programs_speak(voice: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A sentence takes a second or two in any voice, and no file is left."""
    need("espeak-ng", "flite")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    speech = speak("turn on the kettle", voice)

    assert 0.7 < len(speech) / SAMPLES_A_SECOND < 2.5
    assert np.abs(speech).max() > 1_000
    assert not list(tmp_path.iterdir())


def test_a_warped_voice_is_as_long_and_higher():
    """The pitch is another, the length is not."""
    need("flite")
    plain, warped = speak("turn on the kettle", FLITE), speak("turn on the kettle", ["flite", "slt", 1.0, 1.2])

    assert len(warped) / len(plain) == pytest.approx(1.0, abs=0.05)
    assert _centre(warped) > _centre(plain) * 1.05


def test_what_a_sentence_looks_like_is_no_option():
    """Words that begin like an option are words."""
    need("espeak-ng")

    assert len(speak("--version", ESPEAK)) > SAMPLES_A_SECOND / 3


@pytest.mark.parametrize(
    ("text", "voice", "said"),
    [
        (" ", ESPEAK, "1 to 500"),
        ("a" * 501, ESPEAK, "1 to 500"),
        ("hello", ["espeak", "nobody", 145, 45], "voice"),
        ("hello", ["cassette"], "voice must be"),
    ],
)
def test_what_cannot_be_spoken_is_said(text: str, voice: list[object], said: str):
    """Nothing, too much, a voice that is not there, a voice of no program."""
    need("espeak-ng")

    with pytest.raises(NoVoice, match=said):
        speak(text, voice)


def test_a_missing_program_is_said_with_what_installs_it(monkeypatch: pytest.MonkeyPatch):
    """The name of Debian's package stands in the hint."""
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NoVoice, match="apt-get install espeak-ng"):
        speak("hello", ESPEAK)


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A synthesiser that never ends costs its time-out, and one sentence."""
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(NoVoice, match="within"):
        speak("hello", ESPEAK, program_s=0.2)


@pytest.mark.parametrize("kind", ["fan", "babble"])
@pytest.mark.parametrize("snr", [5.0, 20.0])
def test_noise_is_as_loud_as_was_asked_for(kind: str, snr: float):
    """Speech over noise, in decibels, measured where there is noise alone."""
    mixed = mix(TONE, Noise(kind, snr), seed=1).astype(float)
    lead = SAMPLES_A_SECOND // 4
    alone, both = np.concatenate([mixed[:lead], mixed[-lead:]]), mixed[lead:-lead]

    noise, total = np.mean(alone**2), np.mean(both**2)

    assert 10 * np.log10((total - noise) / noise) == pytest.approx(snr, abs=2.5)


def test_the_same_seed_makes_the_same_noise():
    """And another seed another."""
    one, again, other = (mix(TONE, Noise("babble", 10), seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_an_unknown_noise_is_said():
    """Those that can be made are named."""
    with pytest.raises(NoVoice, match="fan, babble"):
        mix(TONE, Noise("vuvuzela", 10), seed=1)


def _centre(samples: np.ndarray) -> float:
    """The middle of the spectrum of a voice, in hertz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((power * np.fft.rfftfreq(len(samples), 1 / SAMPLES_A_SECOND)).sum() / power.sum())
