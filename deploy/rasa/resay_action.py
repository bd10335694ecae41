"""Resay behind Rasa's fallback, for your action server: what was refused is said again in the words that work, if there are any.

Copy this file into your actions, name the action `action_default_fallback` in the domain, and set RESAY_URL, RESAY_KEY and RASA_URL.
Asks Resay in mode `retry`, has Rasa itself (`/model/parse`) read the words that work, and puts that reading in place of the refused one.
What it did stands in the event's `parse_data.resay`, by which `resay ingest` and `resay import` know our words from the customer's.
Late, broken or without an answer, it does what Rasa's own fallback does. Needs `rasa-sdk` and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import urllib.request
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

from rasa_sdk import Action, Tracker
from rasa_sdk.events import UserUtteranceReverted, UserUttered
from rasa_sdk.executor import CollectingDispatcher

REFUSED = "nlu_fallback"

RESAY_S = 0.5
"""How long Resay may take: it answers in a few milliseconds, and the customer has been refused already."""

RASA_S = 5.0
"""How long Rasa may take to read a sentence."""


class ResayFallback(Action):
    """Says for the customer what works, once for each thing that they said."""

    def name(self) -> str:
        """The action that Rasa runs where it does not trust its reading."""
        return "action_default_fallback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """The events that put the words that work in place of those that failed; Rasa's own fallback otherwise."""
        heard = next((each for each in reversed(tracker.events) if each.get("event") == "user"), {})
        # What we said ourselves and was refused is not said a third way.
        if "resay" not in (heard.get("parse_data") or {}):
            try:
                # On a thread, and for so long at most: one event loop serves all customers, and what drips is never late for a socket.
                asking = asyncio.get_running_loop().run_in_executor(None, said_again, tracker.sender_id, heard)
                again = await asyncio.wait_for(asking, RESAY_S + RASA_S)
            except Exception:  # Whatever is wrong on our side, the customer is answered.
                again = None
            if again:
                return [UserUtteranceReverted(), again]
        dispatcher.utter_message(response="utter_default")
        return [UserUtteranceReverted()]


def said_again(sender: str, heard: dict[str, Any]) -> dict[str, Any] | None:
    """The words that work, as Rasa reads them; nothing where there are none, or Rasa does not trust that reading either."""
    text, parsed = heard.get("text") or "", heard.get("parse_data") or {}
    turn_id = heard.get("message_id") or str(uuid4())
    ranking = [each for each in parsed.get("intent_ranking", []) if each.get("name") != REFUSED]
    question = {
        "mode": "retry",
        "turn_id": turn_id,
        "customer_id": sender,
        "at": datetime.now(timezone.utc).isoformat(),  # noqa: UP017 - action servers run older Pythons too.
        "utterance": text,
        "interpretations": [{"domain": "", "intent": each["name"], "confidence": each.get("confidence")} for each in ranking[:5]],
        "status": "unsupported",
    }
    answer = _post(f"{os.environ['RESAY_URL']}/v1/rewrite", question, RESAY_S, key=os.environ["RESAY_KEY"])
    if not answer.get("rewrite"):
        return None
    reading = _post(f"{os.environ['RASA_URL']}/model/parse", {"text": answer["utterance"], "message_id": turn_id}, RASA_S)
    if (reading.get("intent") or {}).get("name") in {None, REFUSED}:
        return None
    said = {"turn_id": turn_id, "rewrite": answer["rewrite"]}
    return UserUttered(answer["utterance"], {**reading, "resay": said}, input_channel=heard.get("input_channel"))


def _post(url: str, body: object, timeout: float, key: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return dict(json.load(answer))
