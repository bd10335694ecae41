"""Speech and noise as samples: 16 kHz, mono. Voices are Debian's `espeak-ng` and `flite`; noise is made here, by chance and from a seed.

Knows programs and arithmetic; knows nothing of what is said, or of who hears it.
"""

from __future__ import annotations

import io
import math
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from resay.dialogue.errors import ResayError

Samples = NDArray[np.float32]

SAMPLES_A_SECOND = 16_000
"""What the recogniser's acoustic model was trained on."""

PROGRAM_S = 20.0
"""A synthesiser speaks a sentence in a tenth of a second; this long only where it hangs."""

TEXT_CHARS_MAX = 500
"""A request has a few dozen letters."""

AUDIBLE = 150.0
"""Samples below are silence at the ends of speech; as in the recordings."""

LOUDNESS = 3_000.0
"""Mean size of a sample after mixing; as in the recordings."""

LEAD = SAMPLES_A_SECOND // 4
"""Noise alone before and after the speech: a quarter of a second, as in the recordings."""

TALKERS = 6
"""Who babbles."""

SYLLABLES_A_SECOND = 4.0


class NoVoice(ResayError):
    """A sentence could not be spoken."""


@dataclass(frozen=True, slots=True)
class Noise:
    """What else is heard."""

    kind: str
    snr_db: float
    """Speech over noise."""


def speak(text: str, voice: Sequence[Any], *, program_s: float = PROGRAM_S) -> Samples:
    """A sentence in a voice of `speakers.json`: [espeak, name, words a minute, pitch] or [flite, name, stretch, warp].

    Raises: NoVoice.
    """
    if not text.strip() or len(text) > TEXT_CHARS_MAX:
        message = f"text must have 1 to {TEXT_CHARS_MAX} characters; got {len(text.strip())}"
        raise NoVoice(message)
    match list(voice):
        case ["espeak", str(name), int(speed), int(pitch)]:
            spoken = _run("espeak-ng", lambda out: ["-v", name, "-s", str(speed), "-p", str(pitch), "-w", out, "--", text], program_s)
        case ["flite", str(name), float() | int() as stretch, float() | int() as warp]:
            # Spoken slower and played faster: only the pitch is another, as after sox's speed and tempo in the recordings.
            length = f"duration_stretch={stretch * warp}"
            spoken = _run("flite", lambda out: ["-voice", name, "--setf", length, "-t", text, "-o", out], program_s, faster=warp)
        case other:
            message = f"a voice must be [espeak, name, words a minute, pitch] or [flite, name, stretch, warp]; got {other}"
            raise NoVoice(message)
    return _trimmed(spoken)


def mix(speech: Samples, noise: Noise, *, seed: int) -> NDArray[np.int16]:
    """Speech in noise, with noise alone at both ends; the same seed gives the same samples.

    Raises: NoVoice where there is no such noise.
    """
    if noise.kind not in NOISES:
        message = f"noise must be one of {', '.join(NOISES)}; got {noise.kind!r}"
        raise NoVoice(message)
    padded = np.pad(speech, LEAD)
    made = NOISES[noise.kind](len(padded), np.random.default_rng(seed))
    # The loudness of the speech is that of what is audible of it: pauses do not make the noise fainter.
    loud = speech[np.abs(speech) > AUDIBLE]
    power = math.sqrt(float(np.mean(loud**2))) if len(loud) else 1.0
    mixed = padded + made * power / 10 ** (noise.snr_db / 20)
    heard: NDArray[np.int16] = np.clip(mixed * LOUDNESS / (np.abs(mixed).mean() + 1), -32_000, 32_000).astype(np.int16)
    return heard


def _fan(length: int, rng: np.random.Generator) -> Samples:
    """Steady noise that falls with the frequency."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.arange(len(spectrum)) * SAMPLES_A_SECOND / length
    return _even(np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 60)), length))


def _babble(length: int, rng: np.random.Generator) -> Samples:
    """Several people of whom no word can be told: noise as low as speech, each in syllables of its own."""
    total = np.zeros(length)
    knots = max(2, math.ceil(length / SAMPLES_A_SECOND * SYLLABLES_A_SECOND))
    for _ in range(TALKERS):
        spectrum = np.fft.rfft(rng.standard_normal(length))
        hertz = np.arange(len(spectrum)) * SAMPLES_A_SECOND / length
        voice = np.fft.irfft(spectrum * np.exp(-(((hertz - 500) / 900) ** 2)), length)
        syllables = np.interp(np.linspace(0, knots - 1, length), np.arange(knots), rng.random(knots) ** 2)
        total += voice * syllables
    return _even(total)


NOISES: dict[str, Callable[[int, np.random.Generator], Samples]] = {"fan": _fan, "babble": _babble}
"""Noise of unit loudness, by kind; music and television of the recordings were made of other people's programs."""


def _even(samples: NDArray[Any]) -> Samples:
    even: Samples = (samples / (samples.std() or 1.0)).astype(np.float32)
    return even


def _run(program: str, arguments: Callable[[str], list[str]], program_s: float, *, faster: float = 1.0) -> Samples:
    """What a program writes to a wave file, which is gone afterwards."""
    found = shutil.which(program)
    if found is None:
        message = f"speaking needs the program {program}; it is not on the path; would `apt-get install {program}` help?"
        raise NoVoice(message)
    with tempfile.TemporaryDirectory(prefix="resay-") as folder:
        out = Path(folder) / "speech.wav"
        try:
            subprocess.run([found, *arguments(str(out))], capture_output=True, check=True, timeout=program_s, stdin=subprocess.DEVNULL)
            return _read(out.read_bytes(), faster=faster)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            message = (
                f"{program} must speak the sentence; it ended with {error.returncode}: {' '.join(said[:1])[:200]}; is the voice there?"
            )
            raise NoVoice(message) from error
        except (subprocess.TimeoutExpired, OSError, wave.Error, EOFError) as error:
            message = f"{program} must speak the sentence within {program_s:g} s; {type(error).__name__}: {error}; is the voice there?"
            raise NoVoice(message) from error


def _read(raw: bytes, *, faster: float) -> Samples:
    with wave.open(io.BytesIO(raw)) as file:
        rate = round(file.getframerate() * faster)
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32)
    shared = math.gcd(rate, SAMPLES_A_SECOND)
    resampled: Samples = resample_poly(samples, SAMPLES_A_SECOND // shared, rate // shared).astype(np.float32)
    return resampled


def _trimmed(samples: Samples) -> Samples:
    """Without silence at the ends, but for a twentieth of a second."""
    audible = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if not len(audible):
        return samples
    margin = SAMPLES_A_SECOND // 20
    return samples[max(0, audible[0] - margin) : audible[-1] + margin]
