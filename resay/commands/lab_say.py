"""`resay lab say`: a sentence really spoken to a real recogniser, and what the assistant makes of it."""

from __future__ import annotations

from contextlib import suppress
from math import isfinite
from typing import Annotated

import typer

from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.settings import read_settings
from resay.commands.worlds import WorldOption
from resay.lab.live import LiveChannel, Result, Utterance, read_voices
from resay.lab.sound import NOISES, Noise
from resay.lab.world import VOICE_HOME, World, read_world

NOISE = "fan:30"
"""The quiet of the recordings."""


def say(  # noqa: PLR0917 - an option is a parameter
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is said.")],
    world: WorldOption = VOICE_HOME,
    room: Annotated[str, typer.Option("--room", help="Room in which it is said [default: the first of the home].")] = "",
    voice: Annotated[str, typer.Option("--voice", help="A speaker of the world, espeak:NAME or flite:NAME [default: the first].")] = "",
    noise: Annotated[str, typer.Option("--noise", metavar="KIND:SNR", help="fan or babble, and speech over noise in dB.")] = NOISE,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The chance in the noise.")] = 0,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say a sentence aloud, as samples, to a real recogniser and a real assistant's NLU: what is heard, and what would be done.

    A synthesiser speaks (espeak-ng or flite), noise is added, PocketSphinx hears, the assistant understands: the parts of which the
    world's recordings were made. No sound is kept. The first call for a home makes the recogniser's language model, in half a minute,
    and keeps it in folder `lab` of $RESAY_HOME. Needs the extra `lab`.

    Examples: `resay lab say "turn on the kettle" --room kitchen --voice us1` ·
    `resay lab say "is the back door locked" --voice espeak:en-gb-scotland --noise babble:15 --json`
    """
    mixed = _noise(noise)
    lived, voices = read_world(world), read_voices(world)
    spoken_by = voices.find(voice or next(iter(voices.by_speaker), ""))
    place = _room(room, lived)
    if not as_json:
        remarks.print("resay: loading; the first time for a home takes half a minute", markup=False)
    channel = LiveChannel(lived, voices, models=read_settings(home=home).lab)
    result = channel.say(Utterance(text, spoken_by, mixed, place, seed))
    if as_json:
        print_json(_told(result, place))
        return
    _print(result)


def _noise(written: str) -> Noise:
    kind, _, snr = written.partition(":")
    with suppress(ValueError):
        if kind in NOISES and isfinite(float(snr)):
            return Noise(kind, float(snr))
    message = f"--noise must be KIND:SNR with one of {', '.join(NOISES)}, as in {NOISE}; got {written!r}"
    raise typer.BadParameter(message)


def _room(asked: str, world: World) -> str:
    rooms = list(world.home.rooms)
    if asked and asked not in rooms:
        message = f"--room must be one of {', '.join(rooms)}; got {asked!r}"
        raise typer.BadParameter(message)
    return asked or rooms[0]


def _told(result: Result, room: str) -> dict[str, object]:
    heard, meaning = result.heard, result.meaning
    return {
        "heard": heard.text,
        "posterior": round(heard.posterior, 4),
        "score": round(heard.score, 3),
        "words": [[word, round(posterior, 3)] for word, posterior in heard.words],
        "others": list(heard.others),
        "room": room,
        "status": meaning.reach.value,
        "intent": meaning.intent or None,
        "action": meaning.action.as_json() if meaning.action else None,
        "done": meaning.done is not None,
        "unknown": dict(meaning.unknown),
        "duration_s": round(result.duration_s, 2),
    }


def _print(result: Result) -> None:
    heard, meaning = result.heard, result.meaning
    console.print(f"heard    {heard.text or '(nothing)'}  (mean posterior of its words {heard.score:.2f})", markup=False)
    for other in heard.others:
        console.print(f"or       {other}", markup=False)
    action = f": {meaning.action.verb} {' '.join(meaning.action.targets)}" if meaning.action else ""
    unknown = "".join(f"; no {slot} {words!r}" for slot, words in meaning.unknown.items())
    console.print(f"{meaning.reach.value:<8} {meaning.intent}{action}{unknown}", markup=False)
