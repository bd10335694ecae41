"""Wordings of teachings that no frame of the grammar was written from: other verbs, other orders, other small talk around them."""

from __future__ import annotations

from typing import NamedTuple

from resay.dialogue.teaching import Kind


class Wording(NamedTuple):
    """What somebody says, and what they teach by it."""

    text: str
    words: str
    meaning: str
    kind: Kind
    before: str = ""


REQUESTS = (
    ("movie night", "dim the living room lights"),
    ("the usual", "play my jazz playlist"),
    ("bedtime", "turn off the lights upstairs"),
)
NAMES = (("telly", "living room tv"), ("the den", "the guest room"), ("sunny", "the standing lamp"))
SLIPS = (
    ("play the beetles", "play the beatles"),
    ("turn on the light in the attack", "turn on the light in the attic"),
    ("set a timer for fifteen minutes", "set a timer for fifty minutes"),
)

REQUEST_FRAMES = (
    "if you ever hear me say {x}, {y}",
    "whenever you hear {x}, go ahead and {y}",
    "hearing {x} from me means you should {y}",
    "my saying {x} is a signal to {y}",
    "i'd like {x} to make you {y}",
    "make {x} a command that will {y}",
    "teach yourself this: {x} is a request to {y}",
    "{x} is my way of asking you to {y}",
    "the phrase {x} should make you {y}",
    "the words {x} mean {y}",
    "the command {x} means {y}",
    "as far as you are concerned {x} means {y}",
    "when i go {x} that's your cue to {y}",
    "upon hearing {x} {y}",
    "on {x} i expect you to {y}",
    "every time the word {x} comes up {y}",
    "if somebody in this house says {x} please {y}",
    "should i say {x} then {y}",
    "{y} is what i want when i say {x}",
    "{y} whenever i say {x}",
    "{y} every time you hear {x}",
    "it's {x} when i want you to {y}",
    "saying {x} should {y}",
    "could you {y} whenever i say {x}",
    "when i say {x} could you {y}",
    "when i say {x} what i'm after is {y}",
    "when i say {x} i'd love for you to {y}",
    "when i say {x} you know i mean {y}",
    "when i say {x} you're supposed to {y}",
    "when i say {x} just {y}",
    "when i say {x} go {y}",
    "when i say {x} it's the same as {y}",
    "whenever i say {x} i am really asking you to {y}",
    "from today {x} means {y}",
    "let {x} be the same as {y}",
    "i use {x} to say {y}",
    "define {x} as {y}",
    "set up {x} to {y}",
    "add a shortcut called {x} that does {y}",
    "consider {x} equivalent to {y}",
)
NAME_FRAMES = (
    "{y} goes by {x}",
    "{y} is also known as {x}",
    "{y} is called {x} in this house",
    "we say {x} for {y}",
    "i say {x} to {y}",
    "{x} refers to {y}",
    "{x} is {y} to me",
    "{x} and {y} are the same thing",
    "give {y} the name {x}",
    "give {y} the nickname {x}",
    "{y}'s name is {x}",
    "the name of {y} is {x}",
    "if i talk of {x} it's {y} i mean",
    "what i call {x} is {y}",
    "whenever {x} is mentioned think {y}",
    "{x} is just another term for {y}",
    "{x} equals {y}",
    "save {x} as a name for {y}",
)
SLIP_FRAMES = (
    "no no i meant {y}",
    "that is not what i asked for i meant {y}",
    "no that's wrong what i wanted was {y}",
    "i didn't say that i said {y}",
    "you misheard me i said {y}",
    "not what i meant, {y} is what i meant",
    "sorry i meant to say {y}",
    "no silly, {y}",
)

UNSEEN: tuple[Wording, ...] = (
    *(Wording(frame.format(x=x, y=y), x, y, Kind.REQUEST) for frame in REQUEST_FRAMES for x, y in REQUESTS),
    *(Wording(frame.format(x=x, y=y), x, y, Kind.NAME) for frame in NAME_FRAMES for x, y in NAMES),
    *(Wording(frame.format(y=y), x, y, Kind.REQUEST, x) for frame in SLIP_FRAMES for x, y in SLIPS),
)
"""One hundred and ninety-eight."""

ORDINARY = (
    "call my mom at work",
    "call the doctor",
    "what does serendipity mean",
    "do you know what i mean",
    "i mean turn on the lights",
    "when is the next bus",
    "tell me when the washing is done",
    "remind me to call the dentist when i get home",
    "turn on the lights when i come home",
    "turn the heating down when everyone has left",
    "read the news for me",
    "use less light in the evening",
    "say good night to everyone",
    "what did you say",
    "i said turn it off",
    "no stop",
    "from now on be quiet",
    "play the song that goes let it be",
    "name that tune",
    "what is the capital of france called",
    "if it rains close the windows",
    "the kitchen is too cold",
    "the light in the hall is on",
    "is the garage the same as yesterday",
    "who is the president of france",
    "set the mood for a movie night",
    "call the movie night playlist",
    "make the bedroom warmer",
    "let the dog out",
    "every time it gets dark turn on the porch light",
)
"""Talk that teaches nothing, some of it close to talk that does."""

SMALL = """
[request]
when i say {words} i mean {meaning}
[request_made]
{when} i say {words} you {meaning}
[name]
call the {meaning} {words}
the {meaning} is {words}
[name_made]
the {meaning} is {words}
[correction]
no i meant {meaning}
[correction_made]
no {meaning}
[none]
turn on the {thing}
[none_made]
dim the {thing}
[when]
if
whenever
[odd]
lumos
[command]
dim the {thing}
[called]
bertha
[thing]
lamp
[lead]
now
[tail]
please
[filler]
um
[swap]
say|shout
"""
"""A file of wordings, with all that one must have."""
