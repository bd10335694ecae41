"""The only door to hassil and Home Assistant's English sentences: text against templates, with a home's names in them.

Importing this needs the extra `demo`. Which of several readings is taken is Home Assistant's own order, not ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hassil import Intents, recognize_all, recognize_best
from hassil.intents import SlotList, TextSlotList
from hassil.models import UnmatchedRangeEntity, UnmatchedTextEntity
from hassil.recognize import MISSING_ENTITY, RecognizeResult
from home_assistant_intents import get_intents

from resay.lab.home import Home
from resay.lab.sieve import Sieve

LANGUAGE = "en"

PARTIAL_READINGS_MAX = 401
"""Partial readings that are compared: the recordings were judged so; a text has rarely more than a few dozen."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A template that fits a text."""

    intent: str
    slots: Mapping[str, object]
    """Values by slot: rooms by their id, names as they were said."""
    response: str = ""
    """Which sentence the intent is answered with."""
    unknown: Mapping[str, str] | None = None
    """Words that stood where a name or a room should, and are none, by slot; None where every word was explained."""


class Templates:
    """Home Assistant's sentences, and the names of one home."""

    def __init__(self, home: Home) -> None:
        """Load the sentences: about a second."""
        sentences = get_intents(LANGUAGE)
        assert sentences, "the sentences of this language must be in the package"
        self._sieve = Sieve(Intents.from_dict(sentences))
        self._names = names_of(home)
        self._contexts = {room: {"area": {"value": room, "text": each.names[0]}} for room, each in home.rooms.items()}

    def whole(self, text: str, room: str) -> Reading | None:
        """The best template that explains every word."""
        found = recognize_best(
            text,
            self._sieve.for_text(text),
            slot_lists=self._names,
            intent_context=self._contexts[room],
            language=LANGUAGE,
            best_metadata_key="hass_custom_sentence",
            best_slot_name="name",
        )
        return None if found is None else Reading(found.intent.name, _slots(found), found.response or "")

    def partial(self, text: str, room: str) -> Reading | None:
        """The best template with unknown names in it: the second pass, from which the assistant tells what it does not know."""
        found = recognize_all(
            text,
            self._sieve.for_text(text),
            slot_lists=self._names,
            intent_context=self._contexts[room],
            language=LANGUAGE,
            allow_unmatched_entities=True,
        )
        best: RecognizeResult | None = None
        for rival in islice(found, PARTIAL_READINGS_MAX):
            if rival.text_chunks_matched >= 1 and (best is None or _beats(rival, best)):
                best = rival
        unknown = _unknown(best) if best else {}
        return Reading(best.intent.name, _slots(best), unknown=unknown) if best and unknown else None


def _beats(rival: RecognizeResult, best: RecognizeResult) -> bool:
    """Whether a later reading replaces the best so far: any one advantage is enough."""
    matched, unmatched, ranges = _score(rival)
    best_matched, best_unmatched, best_ranges = _score(best)
    return (
        rival.text_chunks_matched > best.text_chunks_matched
        or matched > best_matched
        or unmatched < best_unmatched
        or ranges > best_ranges
        or (rival.text_chunks_matched == best.text_chunks_matched and ("name" in rival.entities or "name" in rival.unmatched_entities))
    )


def _score(reading: RecognizeResult) -> tuple[int, int, int]:
    """How many names are known, how many not, and how many of those are numbers out of range."""
    unmatched = [
        each for each in reading.unmatched_entities_list if not (isinstance(each, UnmatchedTextEntity) and each.text == MISSING_ENTITY)
    ]
    ranges = sum(isinstance(each, UnmatchedRangeEntity) for each in unmatched)
    return sum(entity.name not in reading.unmatched_entities for entity in reading.entities_list), len(unmatched), ranges


def _unknown(reading: RecognizeResult) -> dict[str, str]:
    words = {name: str(getattr(each, "text", getattr(each, "value", ""))) for name, each in reading.unmatched_entities.items()}
    return {name: re.sub(r"\s+", " ", text).strip() for name, text in words.items() if text != MISSING_ENTITY}


def _slots(reading: RecognizeResult) -> dict[str, object]:
    """Slot values as JSON values, what is none as text."""
    values: dict[str, object] = json.loads(json.dumps({name: entity.value for name, entity in reading.entities.items()}, default=str))
    return values


def names_of(home: Home) -> dict[str, SlotList]:
    """The home's names as lists that templates refer to, each name with what kind of thing it is."""
    names: list[tuple[str, Any, dict[str, Any]]] = []
    for device in home.devices.values():
        kind = {"domain": device.domain} | ({"device_class": device.device_class} if device.device_class else {})
        names += [(name, name, kind) for name in device.names]
    rooms = [(name, room_id) for room_id, room in home.rooms.items() for name in room.names]
    floors = [(name, floor) for floor, spoken in home.floors.items() for name in spoken]
    return {
        "name": TextSlotList.from_tuples(names, name="name"),
        "area": TextSlotList.from_tuples(rooms, name="area"),
        "floor": TextSlotList.from_tuples(floors, name="floor"),
    }
