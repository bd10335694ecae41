"""DSTC2 calls as turns: acts as interpretations, prompts by kind, and what the system's next prompt says of a request.

Everything here is made from what the live system saw; the truth cannot be given to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from resay.dialogue.codec import whole
from resay.dialogue.rewrite import BeforeRequest, Heard, RetryRequest
from resay.dialogue.turn import Audio, Interpretation, Prompt, Response, ResponseStatus, Turn, TurnPart, Versions
from resay.label.corpora.dstc2 import LiveCall, LiveTurn, Reading

DOMAIN = "restaurant"

CONTENT_ACTS = frozenset({"inform", "request", "confirm", "deny", "affirm", "negate", "reqalts", "reqmore", "repeat", "restart"})
"""The acts that ask for something; hello, thankyou, bye, ack and null do not (README of the corpus)."""

NOTHING = "null"
"""Intent of a reading without acts."""

_ACT = re.compile(r"([\w.-]+)\((?:([^=()]+)(?:=(.*))?)?\)")
_REQUEST = "request"
_ASKS_AGAIN = frozenset({"repeat", "confirm-domain"})
"""Prompts by which this system says that it is lost: "I am a bit confused", "You are looking for a restaurant, is that right?"."""
_ASKS = frozenset({"request", "expl-conf", "select", "reqmore"})
_ASKED_TO_HEAR = frozenset({"request", "repeat", "confirm"})
"""Acts that may rightly be answered by the very words of the answer before."""


def content_acts(acts: Iterable[str]) -> frozenset[str]:
    """The acts that ask for something; a turn is defective when these differ from the human ones."""
    return frozenset(act for act in acts if _name(act) in CONTENT_ACTS)


def prompt_kind(prompt_acts: Iterable[str]) -> str:
    """The kind of prompt: the distinct system acts, sorted, request acts in full, others by name, joined by `|`."""
    return "|".join(sorted({act if _name(act) == _REQUEST else _name(act) for act in prompt_acts}))


def interpretation(reading: Reading) -> Interpretation:
    """A reading as an interpretation; `acts_of` gives its acts back.

    The intent is the sorted names of its acts, joined by `+`. Slots are what is informed, `request` is the list of what is asked for,
    and slots of other acts carry the act's name: `deny.food`. A slot with several values holds a list.
    """
    slots: dict[str, list[str]] = {}
    names = set()
    for act in reading.acts:
        name, slot, value = _taken_apart(act)
        names.add(name)
        if slot is not None:
            key, content = _slot(name, slot, value)
            slots.setdefault(key, []).append(content)
    shown = {key: sorted(values) if key == _REQUEST or len(values) > 1 else values[0] for key, values in sorted(slots.items())}
    return Interpretation(intent="+".join(sorted(names)) or NOTHING, domain=DOMAIN, slots=shown, confidence=reading.probability)


def acts_of(interpretation: Interpretation) -> tuple[str, ...]:
    """The acts that an interpretation stands for, sorted."""
    if interpretation.intent == NOTHING:
        return ()
    acts = []
    filled = set()
    for key, content in interpretation.slots.items():
        values = content if isinstance(content, list | tuple) else [content]
        name, slot = (key, None) if key == _REQUEST else tuple(key.split(".", 1)) if "." in key else ("inform", key)
        filled.add(name)
        acts += [f"{name}({value})" if slot is None else f"{name}({slot}={value})" for value in values]
    acts += [f"{name}()" for name in interpretation.intent.split("+") if name not in filled]
    return tuple(sorted(acts))


def turn_parts(call: LiveCall) -> Iterator[TurnPart]:
    """The turns of a call as parts of `resay.turn/1`, one whole part a turn, in order."""
    following = [*call.turns[1:], None]
    return (whole(_turn(call, turn, answer)) for turn, answer in zip(call.turns, following, strict=True))


def before_request(call: LiveCall, turn: LiveTurn) -> BeforeRequest:
    """What a rewriter may see of a turn before the NLU: nothing of the answer, nothing of the NLU."""
    return BeforeRequest(_heard(call, turn))


def retry_request(call: LiveCall, turn: LiveTurn) -> RetryRequest:
    """What a rewriter may see after the NLU and before the answer; `unsupported` where the NLU made nothing of the words."""
    status = ResponseStatus.NONE if turn.readings and turn.readings[0].acts else ResponseStatus.UNSUPPORTED
    return RetryRequest(_heard(call, turn), interpretations=tuple(interpretation(each) for each in turn.readings), status=status)


def response(turn: LiveTurn, answer: LiveTurn | None) -> Response:
    """What the system did, told from its next prompt and its own top reading alone.

    `unsupported`: its NLU made nothing of the words, or it says that it is lost. `failed`: it had no such venue, or it said the very
    same again to somebody who had not asked to hear it again. `asked`: it asked back. `done`: it informed or offered, or the caller
    said goodbye and the call ended. `none`: the call ended otherwise.
    """
    understood = {_name(act) for act in turn.readings[0].acts} if turn.readings else set()
    if answer is None:
        return Response(status=ResponseStatus.DONE if "bye" in understood else ResponseStatus.NONE)
    names = {_name(act) for act in answer.prompt_acts}
    return Response(
        text=answer.prompt, action=prompt_kind(answer.prompt_acts), status=_status(turn, answer, understood=understood, names=names)
    )


def _status(turn: LiveTurn, answer: LiveTurn, *, understood: set[str], names: set[str]) -> ResponseStatus:
    if not understood or names & _ASKS_AGAIN:
        return ResponseStatus.UNSUPPORTED
    same_again = answer.prompt == turn.prompt and not understood & _ASKED_TO_HEAR
    if same_again or any(name.startswith("canthelp") for name in names):
        return ResponseStatus.FAILED
    return ResponseStatus.ASKED if names & _ASKS else ResponseStatus.DONE


def _turn(call: LiveCall, turn: LiveTurn, answer: LiveTurn | None) -> Turn:
    heard = _heard(call, turn)
    # Nothing was acted on where the top reading is empty, whatever stands below it: the turn is one that the NLU could not interpret.
    understood = bool(turn.readings and turn.readings[0].acts)
    return Turn(
        turn_id=heard.turn_id,
        customer_id=heard.customer_id,
        at=heard.at,
        utterance=heard.utterance,
        session_id=heard.session_id,
        hypotheses=heard.hypotheses,
        interpretations=tuple(interpretation(each) for each in turn.readings) if understood else (),
        prompt=heard.prompt,
        response=response(turn, answer),
        barge_in=heard.barge_in,
        ended_at=_moment(call, answer.prompt_s[1] if answer else turn.said_s[1]),
        cohorts=(f"dialogue-manager-{call.dialogue_manager}",),
        versions=heard.versions,
    )


def _heard(call: LiveCall, turn: LiveTurn) -> Heard:
    return Heard(
        turn_id=f"{call.call_id}/{turn.index}",
        customer_id=call.caller,
        at=_moment(call, turn.said_s[0]),
        utterance=turn.hypotheses[0].text if turn.hypotheses else "",
        hypotheses=turn.hypotheses,
        prompt=Prompt(text=turn.prompt, kind=prompt_kind(turn.prompt_acts)),
        audio=Audio(duration_s=turn.said_s[1] - turn.said_s[0]),
        session_id=call.call_id,
        barge_in=turn.barge_in,
        # Two recognisers, one made worse on purpose: their scores may not be compared with each other.
        versions=Versions(asr=f"acoustic-condition-{call.acoustic_condition}"),
    )


def _moment(call: LiveCall, seconds: float) -> datetime:
    """Milliseconds, as on the wire."""
    return call.started + timedelta(milliseconds=round(seconds * 1000))


def _slot(name: str, slot: str, value: str | None) -> tuple[str, str]:
    if value is None:
        return name, slot
    return (slot, value) if name == "inform" else (f"{name}.{slot}", value)


def _taken_apart(act: str) -> tuple[str, str | None, str | None]:
    matched = _ACT.fullmatch(act)
    assert matched, f"acts must read act(slot=value); got {act!r}"
    return matched[1], matched[2], matched[3]


def _name(act: str) -> str:
    return act.partition("(")[0]
