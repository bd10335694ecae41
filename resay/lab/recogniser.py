"""A real recogniser, live: PocketSphinx with a language model of one home. The only door to it; importing this needs the extra `lab`.

The language model is made as that of the recordings was: three parts of sentences from the assistant's templates, one part of general
English. Words that PocketSphinx's dictionary lacks cannot be heard, as there; the few that the recordings added by hand are missing here.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pocketsphinx  # type: ignore[import-untyped] # The library has no types.
from numpy.typing import NDArray
from pocketsphinx.lm import ArpaBoLM  # type: ignore[import-untyped]

from resay.lab.home import Home
from resay.lab.sentences import Fillers, sample_sentences

SENTENCES = 15_000
"""From the templates: a quarter of those of the recordings, which made the model in minutes."""

GENERAL_SENTENCES = 5_000
"""Of general English, in the same proportion."""

GENERAL_WORDS = 5_000
"""The commonest words of general English."""

GENERAL_WORDS_MAX = 18
"""In one sentence."""

PROPOSALS = 160
"""Words among which the next one is drawn by how likely each is: sampling and importance resampling."""

DISCOUNT = 0.3
"""Share of the counts that goes to what was not seen; as in the recordings."""

LOG_BASE = 1.0001
"""PocketSphinx's logarithms."""

OTHERS_MAX = 3
"""Further hypotheses, as in the recordings."""

OTHERS_TRIED_MAX = 60
"""Entries of the n-best list that are looked at: most are the same words over again."""

_PRONUNCIATION = re.compile(r"\(\d+\)$")
"""Behind a word: which of its pronunciations it was."""

_MODEL = Path(pocketsphinx.__file__).parent / "model" / "en-us"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the recogniser made of a sound."""

    text: str
    """May be empty."""
    posterior: float
    """Of the sentence, from the lattice."""
    words: tuple[tuple[str, float], ...]
    """Each with its posterior."""
    others: tuple[str, ...]
    """Further hypotheses, best first."""

    @property
    def score(self) -> float:
        """Mean posterior of the words, as a log has it."""
        return sum(posterior for _, posterior in self.words) / len(self.words) if self.words else 0.0


class Recogniser:
    """PocketSphinx for one home."""

    def __init__(self, home: Home, *, fillers: Fillers, options: Mapping[str, object], folder: Path) -> None:
        """Load the model of this home; it is made in `folder` where it is not there yet, which takes a minute.

        Raises: OSError.
        """
        model, dictionary = _language_model(home, fillers, folder)
        kept = {name: value for name, value in options.items() if isinstance(value, bool | int | float)}
        self._decoder: Any = pocketsphinx.Decoder(loglevel="FATAL", hmm=str(_MODEL / "en-us"), lm=str(model), dict=str(dictionary), **kept)

    def hear(self, samples: NDArray[np.int16]) -> Heard:
        """What is said in a sound; the recogniser adapts, so that the same sound may be heard otherwise later."""
        self._decoder.start_utt()
        self._decoder.process_raw(samples.tobytes(), no_search=False, full_utt=True)
        self._decoder.end_utt()
        best = self._decoder.hyp()
        if best is None or not best.hypstr:
            return Heard("", 0.0, (), ())
        spoken = [each for each in self._decoder.seg() if not each.word.startswith(("<", "["))]
        words = tuple((_PRONUNCIATION.sub("", each.word), min(1.0, each.prob)) for each in spoken)
        return Heard(best.hypstr, min(1.0, best.prob), words, tuple(self._others(best.hypstr)))

    def _others(self, first: str) -> Iterator[str]:
        seen = {first}
        for tried, each in enumerate(self._decoder.nbest()):
            # The iterator can hand out None.
            if each is None or tried >= OTHERS_TRIED_MAX or len(seen) > OTHERS_MAX:
                return
            if each.hypstr and each.hypstr not in seen:
                seen.add(each.hypstr)
                yield each.hypstr


def _language_model(home: Home, fillers: Fillers, folder: Path) -> tuple[Path, Path]:
    """Files of the language model and the dictionary: those of this home, these sentences and these versions."""
    versions = [version(name) for name in ("pocketsphinx", "home-assistant-intents")]
    made_of = repr((home, sorted(fillers.items()), versions, SENTENCES, GENERAL_SENTENCES))
    name = hashlib.blake2b(made_of.encode(), digest_size=8).hexdigest()
    model, dictionary = folder / f"{name}.arpa", folder / f"{name}.dict"
    if not (model.exists() and dictionary.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as drafts:
            _make(home, fillers, Path(drafts))
            (Path(drafts) / "dict").replace(dictionary)
            (Path(drafts) / "arpa").replace(model)
    return model, dictionary


def _make(home: Home, fillers: Fillers, folder: Path) -> None:
    sounds = _dictionary()
    drawn = sample_sentences(home, fillers=fillers, number=SENTENCES, rng=Random(7))
    sayable = [each for each in drawn if all(word in sounds for word in each.split())]
    words = {word for each in sayable for word in each.split()}
    general = _General(words, sounds)
    sentences = sayable + [each for each in (general.sentence() for _ in range(GENERAL_SENTENCES)) if each]
    text = "".join(f"<s> {each} </s>\n" for each in sentences)
    model = ArpaBoLM(text=text, discount_mass=DISCOUNT)
    model.compute()
    model.write_file(str(folder / "arpa"))
    known = sorted({word for each in sentences for word in each.split()})
    (folder / "dict").write_text("".join(line for word in known for line in sounds[word]))


@lru_cache(1)
def _dictionary() -> dict[str, list[str]]:
    """Lines of PocketSphinx's dictionary, by word."""
    lines: dict[str, list[str]] = {}
    for line in (_MODEL / "cmudict-en-us.dict").read_text().splitlines(keepends=True):
        lines.setdefault(_PRONUNCIATION.sub("", line.split(" ", 1)[0]), []).append(line)
    return lines


class _General:
    """Sentences of general English, drawn from PocketSphinx's own trigrams."""

    def __init__(self, words: set[str], sounds: Mapping[str, Sequence[str]]) -> None:
        config = pocketsphinx.Config(loglevel="FATAL")
        self._model: Any = pocketsphinx.NGramModel(config, pocketsphinx.LogMath(), str(_MODEL / "en-us.lm.bin"))
        letters = re.compile(r"[a-z]+('[a-z]+)?")
        common = sorted((-self._model.prob([word]), word) for word in sounds if letters.fullmatch(word))[:GENERAL_WORDS]
        self._words = [*sorted({word for _, word in common} | words), "</s>"]
        logs = np.array([self._model.prob([word]) for word in self._words], float) * math.log(LOG_BASE)
        share = np.exp(logs) / np.exp(logs).sum()
        self._reached, self._logs = share.cumsum(), logs - np.log(np.exp(logs).sum())
        self._rng = np.random.default_rng(7)

    def sentence(self) -> str:
        """A sentence; empty where it ends before it begins."""
        history, said = ["<s>"], list[str]()
        while len(said) < GENERAL_WORDS_MAX:
            word = self._next(history)
            if word == "</s>":
                break
            said.append(word)
            history.append(word)
        return " ".join(said)

    def _next(self, history: list[str]) -> str:
        places = np.searchsorted(self._reached, self._rng.random(PROPOSALS)).clip(0, len(self._words) - 1)
        past = history[::-1][:2]
        logs = np.array([self._model.prob([self._words[place], *past]) for place in places], float) * math.log(LOG_BASE)
        gain = logs - self._logs[places]
        chance = np.exp(gain - gain.max())
        return self._words[int(places[self._rng.choice(len(places), p=chance / chance.sum())])]
