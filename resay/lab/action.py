"""What an interpretation comes to in a home: the action, or why there is none. Knows rooms and devices, not words.

The rules are those by which the recordings of `voice_home` were judged (its `tools/assistant.py`), so that live and recorded agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz, process

from resay.lab.home import Device, Home

MEDIA_SCORE_MIN = 86.0
"""A title is found from this similarity on: the recordings were judged so."""

SHOPPING_LIST = "shopping list"
"""The name by which the shopping list is known, in every home: the assistant's own sentences for it name no list."""

Slots = Mapping[str, object]


class Reach(StrEnum):
    """How far the assistant came with an utterance."""

    EMPTY = "empty"
    """Nothing was heard."""
    NO_MATCH = "no_match"
    """No template."""
    UNRESOLVED = "unresolved"
    """A template, but a name or room that the home does not have."""
    NO_TARGET = "no_target"
    """Names that exist, and nothing that answers to all of them."""
    UNAVAILABLE = "unavailable"
    """The right device is offline."""
    NOT_FOUND = "not_found"
    """No such title."""
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Action:
    """What the assistant does: two actions are the same when all three are."""

    verb: str
    """The intent that is carried out."""
    targets: tuple[str, ...] = ()
    """Ids of devices, or `area.<room>`; sorted."""
    parameters: tuple[tuple[str, object], ...] = ()
    """Name and value, sorted by name."""

    def as_json(self) -> list[object]:
        """The form in which world files write an action."""
        return [self.verb, list(self.targets), dict(self.parameters)]


def action_from_json(written: object) -> Action:
    """The action that a world file writes as [verb, targets, parameters].

    Raises: ValueError.
    """
    match written:
        case [str(verb), [*targets], {**parameters}]:
            return _action(verb, targets, {str(name): value for name, value in parameters.items()})
        case _:
            message = f"an action must be [verb, targets, parameters]; got {str(written)[:60]}"
            raise ValueError(message)


def resolve(intent: str, slots: Slots, *, room: str, home: Home) -> tuple[Reach, Action]:
    """What an interpretation comes to, said in a room of a home."""
    ask = _Ask(intent, slots, room, home)
    if intent in _TIMERS:
        return Reach.OK, _timer(ask)
    if intent == "HassMediaSearchAndPlay":
        return _play(ask)
    if intent == "HassBroadcast":
        return Reach.OK, _action(intent, (), {"message": plain(slots.get("message", ""))})
    targeted = _targeted(ask)
    if targeted is None:
        spoken = {} if intent == "HassRespond" else {name: plain(value) for name, value in slots.items() if name != "domain"}
        return Reach.OK, _action(intent, (), spoken)
    return _reach(targeted, home), targeted


def plain(value: object) -> str:
    """Free text as it is compared: lower case, letters, digits and apostrophes, without a leading article."""
    letters = re.sub(r"[^a-z0-9' ]+", " ", str(value).lower()).strip()
    return re.sub(r"\s+", " ", re.sub(r"^(some|a|an|the|that|my)\s+", "", letters))


@dataclass(frozen=True, slots=True)
class _Ask:
    """One interpretation in its place."""

    intent: str
    slots: Slots
    room: str
    home: Home


_TIMERS = frozenset(f"Hass{verb}Timer" for verb in ("Start", "Increase", "Decrease", "Cancel", "Pause", "Unpause")) | {"HassTimerStatus"}
_TRANSPORT = frozenset({"HassMediaPause", "HassMediaUnpause", "HassMediaNext", "HassMediaPrevious", "HassMediaPlayerMute"}) | frozenset(
    {"HassMediaPlayerUnmute", "HassSetVolume", "HassSetVolumeRelative"}
)
_LISTS = frozenset({"HassListAddItem", "HassListCompleteItem", "HassListRemoveItem"}) | frozenset(
    {"HassShoppingListAddItem", "HassShoppingListCompleteItem"}
)
_ASKING = frozenset({"HassGetState", "HassGetWeather"})
_SINGLE = {
    "HassVacuumStart": ("vacuum", ("area", "floor")),
    "HassVacuumReturnToBase": ("vacuum", ("area", "floor")),
    "HassVacuumCleanArea": ("vacuum", ("area", "floor")),
    "HassLawnMowerStartMowing": ("lawn_mower", ()),
    "HassLawnMowerDock": ("lawn_mower", ()),
}
"""Devices of which a home has one, and the slots that say where they shall work."""


def _targeted(ask: _Ask) -> Action | None:
    """The action of an intent that works on devices; None where it does not."""
    intent = ask.intent
    by_intent: dict[str, Callable[[_Ask], Action]] = {
        "HassGetWeather": _weather,
        "HassClimateSetTemperature": _climate,
        "HassClimateGetTemperature": _climate,
        **dict.fromkeys(_PLAIN, _on_devices),
        **dict.fromkeys(_TRANSPORT, _transport),
        **dict.fromkeys(_LISTS, _list),
        **dict.fromkeys(_SINGLE, _single),
    }
    return by_intent[intent](ask) if intent in by_intent else None


_PLAIN = ("HassTurnOn", "HassTurnOff", "HassLightSet", "HassFanSetSpeed", "HassSetPosition", "HassGetState")


def _on_devices(ask: _Ask) -> Action:
    intent, slots = ask.intent, ask.slots
    if intent in ("HassTurnOn", "HassTurnOff"):
        return _action(intent, _switched(ask), {})
    if intent == "HassLightSet":
        return _action(intent, _matching(ask, ("light",)), _picked(slots, ("brightness", "color", "temperature")))
    if intent == "HassFanSetSpeed":
        return _action(intent, _matching(ask, ("fan",), without=("percentage",)), {"p": slots.get("percentage")})
    if intent == "HassSetPosition":
        return _action(intent, _matching(ask, ("cover", "valve")), {"p": slots.get("position")})
    return _action(intent, _matching(ask, without=("state",)), {})


def _weather(ask: _Ask) -> Action:
    return _action(ask.intent, _matching(ask, ("weather",)) if "name" in ask.slots else _first(ask.home, "weather"), {})


def _transport(ask: _Ask) -> Action:
    return _action(ask.intent, _player(ask), _picked(ask.slots, ("volume_level", "volume_step")))


def _reach(action: Action, home: Home) -> Reach:
    if not action.targets:
        return Reach.NO_TARGET
    offline = all(each in home.devices and not home.devices[each].available for each in action.targets)
    return Reach.UNAVAILABLE if offline and action.verb not in _ASKING else Reach.OK


def _matching(ask: _Ask, domains: Collection[str] = (), *, without: Collection[str] = ()) -> list[str]:
    """Ids of the devices that answer to all slots, in these domains if any are given."""
    slots = {name: value for name, value in ask.slots.items() if name not in without}
    named = ask.home.named(slots["name"]) if "name" in slots and slots["name"] != "all" else None
    return [
        device_id
        for device_id, device in sorted(ask.home.devices.items())
        if (named is None or device_id in named) and (not domains or device.domain in domains) and _fits(device, slots, ask.home)
    ]


def _fits(device: Device, slots: Slots, home: Home) -> bool:
    domain = slots.get("domain")
    return (
        ("area" not in slots or device.room == slots["area"])
        and ("floor" not in slots or (device.room is not None and home.rooms[device.room].floor == slots["floor"]))
        and (not domain or device.domain in ([domain] if isinstance(domain, str) else list(domain)))  # type: ignore[call-overload]
        and (not slots.get("device_class") or device.device_class == slots["device_class"])
    )


def _switched(ask: _Ask) -> list[str]:
    found = _matching(ask)
    if ask.slots.keys() & {"domain", "name", "device_class"}:
        return found
    # A bare room switches what is switched there by habit: its lights.
    return [each for each in found if ask.home.devices[each].domain == "light"]


def _climate(ask: _Ask) -> Action:
    slots = ask.slots
    place = slots.get("area") or slots.get("floor") or ask.room
    found = _matching(ask, ("climate",)) if "name" in slots else [f"area.{place}"]
    return _action(ask.intent, found, {"t": slots["temperature"]} if "temperature" in slots else {})


def _player(ask: _Ask) -> list[str]:
    if "name" in ask.slots:
        return _matching(ask, ("media_player",))
    player = ask.home.players.get(str(ask.slots.get("area", ask.room)))
    return [player] if player else []


def _play(ask: _Ask) -> tuple[Reach, Action]:
    query = plain(ask.slots.get("search_query", ""))
    titles = [plain(title) for title in ask.home.media]
    found = process.extractOne(query, titles, scorer=fuzz.WRatio, score_cutoff=MEDIA_SCORE_MIN)
    if found is None:
        return Reach.NOT_FOUND, _action(ask.intent, _player(ask), {"media": None, "q": query})
    action = _action(ask.intent, _player(ask), {"media": found[0]})
    return _reach(action, ask.home), action


def _timer(ask: _Ask) -> Action:
    slots = ask.slots
    parameters: dict[str, object] = {"s": _seconds(slots, ""), "start": _seconds(slots, "start_")}
    if slots.get("name"):
        parameters["name"] = plain(slots["name"])
    if slots.get("conversation_command"):
        parameters["cmd"] = plain(slots["conversation_command"])
    if slots.get("area"):
        parameters["area"] = slots["area"]
    return _action(ask.intent, (), parameters)


def _seconds(slots: Slots, prefix: str) -> float:
    units = (("hours", 3600), ("minutes", 60), ("seconds", 1))
    return sum(float(str(slots.get(prefix + unit) or 0)) * length for unit, length in units)


def _list(ask: _Ask) -> Action:
    item = {"item": plain(ask.slots.get("item", ""))}
    if "Shopping" in ask.intent:
        return _action(ask.intent.replace("Shopping", ""), _shopping_list(ask.home), item)
    return _action(ask.intent, _matching(ask, ("todo",)) if "name" in ask.slots else [], item)


def _single(ask: _Ask) -> Action:
    domain, places = _SINGLE[ask.intent]
    found = _matching(ask, (domain,)) if "name" in ask.slots else _first(ask.home, domain)
    return _action(ask.intent, found, _picked(ask.slots, places))


def _shopping_list(home: Home) -> list[str]:
    """The list that goes by that name, or else the first one."""
    named = [each for each in home.devices if each in home.named(SHOPPING_LIST) and home.devices[each].domain == "todo"]
    return named[:1] or _first(home, "todo")


def _first(home: Home, domain: str) -> list[str]:
    """The device that is meant where none is named: the first of its kind, as the home lists them."""
    return [device_id for device_id, device in home.devices.items() if device.domain == domain][:1]


def _picked(slots: Slots, names: Collection[str]) -> dict[str, object]:
    return {name: slots[name] for name in names if name in slots}


def _action(verb: str, targets: Collection[object], parameters: Slots) -> Action:
    return Action(verb=verb, targets=tuple(sorted(str(each) for each in targets)), parameters=tuple(sorted(parameters.items())))
