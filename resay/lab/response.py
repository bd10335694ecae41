"""What the assistant says: Home Assistant's own short sentences for what it did and for what it did not understand.

States of devices are not simulated, so answers to questions about them are of the right form and say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from resay.dialogue.turn import Response, ResponseStatus
from resay.lab.action import Action, Reach
from resay.lab.home import Home
from resay.lab.understood import Meaning

STATUS: Mapping[Reach, ResponseStatus] = {
    Reach.EMPTY: ResponseStatus.NONE,
    Reach.NO_MATCH: ResponseStatus.UNSUPPORTED,
    Reach.UNRESOLVED: ResponseStatus.FAILED,
    Reach.NO_TARGET: ResponseStatus.FAILED,
    Reach.UNAVAILABLE: ResponseStatus.FAILED,
    Reach.NOT_FOUND: ResponseStatus.FAILED,
    Reach.OK: ResponseStatus.DONE,
}

_DONE = {
    "HassBroadcast": "Done",
    "HassCancelTimer": "Timer cancelled",
    "HassFanSetSpeed": "Speed set",
    "HassGetCurrentDate": "{date}",
    "HassGetCurrentTime": "{time}",
    "HassGetWeather": "12 °C and cloudy",
    "HassLawnMowerDock": "Docking",
    "HassLawnMowerStartMowing": "Started",
    "HassListAddItem": "Added {item}",
    "HassListCompleteItem": "Checked off {item}",
    "HassListRemoveItem": "Removed {item}",
    "HassMediaNext": "Playing next",
    "HassMediaPause": "Paused",
    "HassMediaPlayerMute": "Muted",
    "HassMediaPlayerUnmute": "Unmuted",
    "HassMediaPrevious": "Playing previous",
    "HassMediaSearchAndPlay": "Playing media",
    "HassMediaUnpause": "Resumed",
    "HassNevermind": "",
    "HassPauseTimer": "Timer paused",
    "HassSetPosition": "Position set",
    "HassSetVolume": "Volume set",
    "HassSetVolumeRelative": "Volume set",
    "HassUnpauseTimer": "Timer resumed",
    "HassVacuumCleanArea": "Cleaning {area}",
    "HassVacuumReturnToBase": "Returning",
    "HassVacuumStart": "Started",
    "HassClimateSetTemperature": "Temperature set to {temperature} degrees",
    "HassClimateGetTemperature": "20 degrees",
}

_TELLING_TIME = frozenset(intent for intent, said in _DONE.items() if "{time}" in said or "{date}" in said)

_LIGHT_SET = {"brightness": "Brightness set", "color": "Color set", "temperature": "Color temperature set"}
_SWITCHED = {
    "lights_area": "Turned {way} the lights",
    "lights_floor": "Turned {way} the lights",
    "light_all": "Turned {way} all of the lights",
    "fans_area": "Turned {way} the fans",
    "fan_all": "Turned {way} all of the fans",
    "scene": "Activated",
    "script": "Started",
}
_COVER = {"HassTurnOn": "Opening", "HassTurnOff": "Closing"}
_LOCK = {"HassTurnOn": "Locking", "HassTurnOff": "Unlocking"}
_STATES = {"lock": "locked", "cover": "closed", "person": "at home", "sensor": "14", "weather": "cloudy"}


def respond(meaning: Meaning, *, home: Home, local_time: datetime) -> Response:
    """The assistant's response to what it understood."""
    text = _done(meaning, home, local_time) if meaning.reach is Reach.OK else _refused(meaning)
    return Response(text=text, status=STATUS[meaning.reach], action=_action_text(meaning.done))


def tells_time(meaning: Meaning) -> bool:
    """Whether the response depends on when it is asked for."""
    return meaning.intent in _TELLING_TIME


def domain_of(meaning: Meaning, home: Home) -> str:
    """The kind of thing that an interpretation is about, as the assistant would name it."""
    targets = meaning.action.targets if meaning.action else ()
    domains = {home.devices[each].domain for each in targets if each in home.devices}
    if len(domains) == 1:
        return domains.pop()
    named = meaning.slots.get("domain")
    return str(named) if isinstance(named, str) else _domain_of_intent(meaning.intent)


def _domain_of_intent(intent: str) -> str:
    for part, domain in (
        ("Timer", "timer"),
        ("Climate", "climate"),
        ("Media", "media_player"),
        ("Volume", "media_player"),
        ("List", "todo"),
        ("Light", "light"),
        ("LawnMower", "lawn_mower"),
        ("Vacuum", "vacuum"),
        ("Fan", "fan"),
        ("Weather", "weather"),
        ("Position", "cover"),
        ("Current", "clock"),
        ("Broadcast", "assist_satellite"),
    ):
        if part in intent:
            return domain
    return "homeassistant"


def _done(meaning: Meaning, home: Home, local_time: datetime) -> str:
    intent = meaning.intent.replace("Shopping", "")
    if intent in ("HassTurnOn", "HassTurnOff"):
        return _switched(meaning, home)
    if intent == "HassGetState":
        return _state(meaning, home)
    if intent == "HassStartTimer":
        return f"Timer set for {_length(meaning.slots)}"
    if intent == "HassLightSet":
        return next((said for slot, said in _LIGHT_SET.items() if slot in meaning.slots), "")
    words = {name: str(value).strip() for name, value in meaning.slots.items()}
    clock = {"time": f"{local_time:%I:%M %p}".lstrip("0"), "date": f"{local_time:%B} {local_time.day}, {local_time.year}"}
    return _DONE.get(intent, "").format_map({"area": "", "item": "", "temperature": ""} | words | clock)


def _switched(meaning: Meaning, home: Home) -> str:
    domain = domain_of(meaning, home)
    if domain in ("cover", "lock"):
        said = (_COVER if domain == "cover" else _LOCK)[meaning.intent]
        device_class = meaning.slots.get("device_class")
        return f"{said} the {device_class}" if device_class and domain == "cover" else said
    way = "on" if meaning.intent == "HassTurnOn" else "off"
    return _SWITCHED.get(meaning.response, "Turned {way} the {thing}").format(way=way, thing=domain.replace("_", " "))


def _state(meaning: Meaning, home: Home) -> str:
    name = str(meaning.slots.get("name", "it")).capitalize()
    state = _STATES.get(domain_of(meaning, home), "off")
    if meaning.response in ("one_yesno", "any", "all"):
        return "Yes"
    return f"{name} is {state}"


def _length(slots: Mapping[str, object]) -> str:
    lengths = [f"{slots[unit]} {unit if slots[unit] != 1 else unit[:-1]}" for unit in ("hours", "minutes", "seconds") if unit in slots]
    return " and ".join(lengths)


def _refused(meaning: Meaning) -> str:
    if meaning.reach is Reach.EMPTY:
        return ""
    if meaning.reach is Reach.NOT_FOUND:
        return "Media not found"
    if meaning.reach is Reach.UNAVAILABLE:
        return f"{str(meaning.slots.get('name', 'The device')).capitalize()} is unavailable"
    for slot, kind in (("area", "area"), ("floor", "floor"), ("name", "device")):
        if slot in meaning.unknown:
            return f"Sorry, I am not aware of any {kind} called {meaning.unknown[slot]}"
    if meaning.reach is Reach.NO_TARGET and "name" in meaning.slots:
        return f"Sorry, I am not aware of any device called {meaning.slots['name']}"
    return "Sorry, I couldn't understand that"


def _action_text(action: Action | None) -> str:
    """The action as one word for the log: verb, and targets where there are few."""
    if action is None:
        return ""
    return f"{action.verb}:{'+'.join(action.targets)}" if action.targets else action.verb
