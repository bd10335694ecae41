"""A hop: somebody between a customer and their assistant who asks what to say, one utterance after another, and hands on what is told.

Knows the service and how its answers are logged; knows no protocol of any assistant.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from resay.dialogue.codec import UTTERANCE_CHARS_MAX
from resay.dialogue.rewrite import BeforeRequest, Heard, RewriteAnswer
from resay.dialogue.text import has_control_characters
from resay.dialogue.turn import Context, Prompt
from serving.decision_log import decision_of
from serving.rewrite_api import answered
from serving.service import Service

BUDGET_S = 0.1
"""Time for one answer: nobody notices a tenth of a second behind a recogniser that took a whole one, and home servers are slow."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whose words pass, as far as a hop can tell."""

    customer_id: str
    """As the log names them: whoever has one name here and another there has no history."""
    room: str = ""
    device_type: str = ""
    language: str = ""
    prompt: Prompt | None = None
    """What the assistant had just asked them."""


async def said_for(service: Service, speaker: Speaker, text: str, *, turn_id: str = "", budget_s: float = BUDGET_S) -> RewriteAnswer | None:
    """What to hand on in place of a text, logged and counted like any answer; nothing where it is no utterance at all."""
    if len(text) > UTTERANCE_CHARS_MAX or has_control_characters(text.strip()):
        return None
    heard = Heard(
        turn_id=turn_id or uuid.uuid4().hex,
        customer_id=service.pseudonym(speaker.customer_id),
        at=service.clock(),
        utterance=text,
        prompt=speaker.prompt,
        context=Context(locale=speaker.language, room=speaker.room, device_type=speaker.device_type),
    )
    request = BeforeRequest(heard)
    answer = await answered(service, request, budget_s=budget_s)
    service.decisions.put(decision_of(request, answer))
    service.metrics.answered(answer)
    return answer
