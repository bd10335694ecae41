"""The live channel: a sentence is really spoken, mixed with noise, heard by a recogniser and understood. Nothing is recorded.

Puts voice, noise, recogniser and assistant together; the recorded channel was made of the same parts. Needs the extra `lab`, and Debian's
`espeak-ng` or `flite` for the voices that are theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resay.lab.assistant import Assistant, LabMissing
from resay.lab.home import broken, read_json
from resay.lab.sound import SAMPLES_A_SECOND, Noise, NoVoice, mix, speak
from resay.lab.understood import Meaning
from resay.lab.world import World

if TYPE_CHECKING:
    from resay.lab.recogniser import Heard
    from resay.lab.sentences import Fillers

ESPEAK_SPEED, ESPEAK_PITCH = 145, 45
"""Words a minute and pitch of a voice that is only named: those of the recordings."""

SEARCHED = ("HassMediaSearchAndPlay", "search_query")
"""Where a title is said."""


@dataclass(frozen=True, slots=True)
class Voices:
    """What `speakers.json` says of voices and of the recogniser."""

    by_speaker: Mapping[str, Sequence[Any]]
    decoder: Mapping[str, object]
    """Options of the recogniser."""

    def find(self, name: str) -> Sequence[Any]:
        """The voice of a speaker of the world, or one named `espeak:NAME` or `flite:NAME`.

        Raises: NoVoice.
        """
        if name in self.by_speaker:
            return self.by_speaker[name]
        match name.split(":"):
            case ["espeak", str(voice)] if voice:
                return ["espeak", voice, ESPEAK_SPEED, ESPEAK_PITCH]
            case ["flite", str(voice)] if voice:
                return ["flite", voice, 1.0, 1.0]
            case _:
                known = ", ".join(self.by_speaker) or "none"
                message = (
                    f"voice must be a speaker of the world, espeak:NAME or flite:NAME; got {name!r}; its speakers with voices: {known}"
                )
                raise NoVoice(message)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What shall be said, how, and where."""

    text: str
    voice: Sequence[Any]
    noise: Noise
    room: str
    seed: int = 0
    """Of the noise."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it."""

    heard: Heard
    meaning: Meaning
    duration_s: float
    """Of the sound, with its silence."""


def read_voices(folder: Path) -> Voices:
    """The voices of a world folder; speakers without one are left out.

    Raises: BrokenWorld.
    """
    path = folder / "speakers.json"
    written = read_json(path)
    try:
        voices = {name: list(each["voice"]) for name, each in written["speakers"].items() if "voice" in each}
        return Voices(voices, dict(written.get("decoder", {})))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise broken(path, error) from error


class LiveChannel:
    """A home in which one can really speak."""

    def __init__(self, world: World, voices: Voices, *, models: Path) -> None:
        """Load recogniser and assistant; the recogniser's language model is made in folder `models` the first time, in half a minute.

        Raises: LabMissing.
        """
        self._assistant = Assistant(world.home)
        try:
            from resay.lab.recogniser import Recogniser
        except ImportError as error:
            message = f"the live channel needs the extra `lab`; {error}; would `pip install 'resay[lab]'` help?"
            raise LabMissing(message) from error
        self._recogniser = Recogniser(world.home, fillers=_fillers(world, self._assistant), options=voices.decoder, folder=models)
        self._rooms = tuple(world.home.rooms)

    def say(self, utterance: Utterance) -> Result:
        """Say it, hear it, understand it.

        Raises: NoVoice.
        """
        if utterance.room not in self._rooms:
            message = f"room must be one of {', '.join(self._rooms)}; got {utterance.room!r}"
            raise NoVoice(message)
        samples = mix(speak(utterance.text, utterance.voice), utterance.noise, seed=utterance.seed)
        heard = self._recogniser.hear(samples)
        return Result(heard, self._assistant.understand(heard.text, utterance.room), len(samples) / SAMPLES_A_SECOND)


def _fillers(world: World, assistant: Assistant) -> Fillers:
    """What people put where a template takes any words: what the world's own phrases put there, and its titles."""
    fillers: dict[tuple[str, str], list[str]] = {SEARCHED: list(world.home.media)}
    for phrase in world.phrases.values():
        if phrase.supported:
            meaning = assistant.understand(phrase.text, world.goals[phrase.goal].room)
            for slot, value in meaning.slots.items():
                fillers.setdefault((meaning.intent, slot), []).append(str(value).strip())
    return fillers
