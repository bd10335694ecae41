"""The JSON Schema of `resay.turn/1`, made from the wire type and the sentences that stand under its fields."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from resay.dialogue import turn
from resay.dialogue.codec import HYPOTHESES_MAX, ID_CHARS_MAX, SCHEMA, UTTERANCE_CHARS_MAX, WireTurn

_TIME = {"type": ["string", "number"], "description": "RFC 3339 with offset, or milliseconds since 1970 UTC."}


def turn_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that a record must follow; unknown fields are allowed and kept."""
    _, parts = msgspec.json.schema_components([WireTurn], schema_hook=_any_json, ref_template="#/$defs/{name}")
    root = parts.pop("WireTurn")
    for name, part in parts.items():
        _describe(part, getattr(turn, name))
    _describe(root, turn.Turn)
    fields = root["properties"]
    fields["schema"] = {"const": SCHEMA}
    fields["part"]["description"] = "Name of the part that this event carries; `utterance` is required in `whole` and `said`."
    fields["at"], fields["ended_at"] = _TIME, _TIME
    fields["utterance"]["anyOf"] = [{"type": "string", "maxLength": UTTERANCE_CHARS_MAX}, {"type": "null"}]
    for name in ("turn_id", "customer_id", "part"):
        fields[name] |= {"minLength": 1, "maxLength": ID_CHARS_MAX}
    for name in ("hypotheses", "interpretations"):
        fields[name]["anyOf"][0]["maxItems"] = HYPOTHESES_MAX
    # An absent `part` means `whole`, and satisfies this condition like every absent property does.
    root["if"] = {"properties": {"part": {"enum": ["whole", "said"]}}}
    root["then"] = {"required": ["utterance"]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "title": SCHEMA, "$defs": parts}


def _any_json(kind: type) -> dict[str, Any]:
    """Slot values and device states are any JSON value."""
    assert kind is object, f"the schema of {kind} must be known"
    return {"description": "Any JSON value."}


def _describe(schema: dict[str, Any], kind: type) -> None:
    """Put the sentences that stand under a class's fields into its schema."""
    schema["description"] = inspect.getdoc(kind)
    for name, meaning in _meanings(kind).items():
        if name in schema.get("properties", {}):
            schema["properties"][name]["description"] = meaning


def _meanings(kind: type) -> dict[str, str]:
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef), "only classes have fields"
    meanings = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_sentence(after):
            meanings[field.target.id] = ast.literal_eval(after.value)  # type: ignore[attr-defined]
    return meanings


def _is_sentence(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
