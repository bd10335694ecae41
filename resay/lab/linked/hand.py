"""Sessions that were written by hand, with what their author says is true of them: to be scored on, and for nothing else.

Knows the form of the file; its README tells it to people. Knows nothing of how other sessions are made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from resay.dialogue.errors import ResayError
from resay.dialogue.session import Session
from resay.dialogue.turn import Context, CustomerKind, Hypothesis, Prompt, Response, ResponseStatus, Turn
from resay.lab.linked.session import Follow, LinkedSession, TrueLink

HAND = Path(__file__).parents[3] / "benchmarks" / "hand_sessions"
"""The set that ships, beside the packages."""

FILE = "sessions.jsonl"

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
"""When every session begins: they are of nobody, and at no time."""

QUESTION = "question"
"""The kind of every prompt."""

_MARKED = re.compile(r"([^\[\]]*)\[([^\[\]]+)\]([^\[\]]*)")
"""An utterance with brackets around what is said again."""

_SESSION_FIELDS = frozenset({"session", "assistant", "device", "times", "prompts", "turns"})
_TURN_FIELDS = frozenset({"said", "other", "after_s", "status", "answer", "is", "of", "repair"})


class WrongHandSessions(ResayError):
    """A file does not hold sessions as they are written by hand."""


def hand_sessions(folder: Path) -> Iterator[LinkedSession]:
    """The sessions of a folder, in order.

    Raises: WrongHandSessions.
    """
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        message = f"file {path} must hold sessions as JSON lines; {error}; is it a checkout, with `benchmarks` beside the packages?"
        raise WrongHandSessions(message) from error
    for number, line in enumerate(lines, start=1):
        try:
            yield _session(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError) as error:
            reason = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
            message = f"line {path}:{number} must be a session; {reason}; does it keep to the README beside it?"
            raise WrongHandSessions(message) from error


def _session(record: Mapping[str, Any]) -> LinkedSession:
    _refuse_unknown(record, _SESSION_FIELDS)
    spoken: Sequence[Mapping[str, Any]] = record["turns"]
    for each in spoken:
        _refuse_unknown(each, _TURN_FIELDS)
    name = f"hand/{record['session']}"
    turns = tuple(_turn(record, place, name=name) for place in range(len(spoken)))
    follows = {place: Follow(each["is"]) for place, each in enumerate(spoken)}
    links = tuple(_link(each, place) for place, each in enumerate(spoken) if follows[place] is Follow.SAID_AGAIN)
    sources = [link.source for link in links]
    assert len(sources) == len(set(sources)), "a first try has one second try: the next; the one after it is a second try at that"
    return LinkedSession(Session(name, turns), links, follows, name)


def _turn(record: Mapping[str, Any], place: int, *, name: str) -> Turn:
    spoken = record["turns"]
    own = spoken[place]
    said, _, _ = _said(own)
    asked = spoken[place - 1].get("answer", "") if place and record["prompts"] else ""
    heard = (said, *own["other"]) if "other" in own else ()
    return Turn(
        turn_id=f"{name}/{place}",
        customer_id=name,
        at=START + timedelta(seconds=sum(each.get("after_s", 0) for each in spoken[: place + 1])),
        utterance=said,
        customer_kind=CustomerKind.SESSION,
        session_id=name,
        hypotheses=tuple(Hypothesis(text) for text in heard),
        prompt=Prompt(asked, QUESTION) if asked.endswith("?") else None,
        response=_response(own),
        context=Context(device_type=record["device"]),
    )


def _response(own: Mapping[str, Any]) -> Response | None:
    if "status" not in own and "answer" not in own:
        return None
    return Response(text=own.get("answer", ""), status=ResponseStatus(own.get("status", ResponseStatus.NONE)))


def _link(own: Mapping[str, Any], place: int) -> TrueLink:
    _, start, end = _said(own)
    return TrueLink(own["of"], place, start, end, repair=own["repair"])


def _said(own: Mapping[str, Any]) -> tuple[str, int, int]:
    """What was said without the brackets, and what they enclose: all, where there are none."""
    marked = _MARKED.fullmatch(own["said"])
    if marked is None:
        assert not {"[", "]"} & set(own["said"]), "what is said again stands in one pair of brackets"
        return own["said"], 0, len(own["said"])
    assert own.get("repair"), "only a repair says again less than its whole turn"
    before, again, after = marked.groups()
    return before + again + after, len(before), len(before) + len(again)


def _refuse_unknown(record: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(record) - known)
    assert not unknown, f"it has a field {', '.join(unknown)}"
