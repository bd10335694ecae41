"""The published description of the API is that of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resay.commands.serve import openapi_json

PUBLISHED = Path(__file__).parent.parent.parent / "docs/api/openapi.json"

_ONE = "/v1/experiments/{name}"
_CUSTOMER = "/v1/customers/{customer_id}"
TEACHINGS = {"/v1/teachings", *(f"/v1/teachings/{what}" for what in ("{teaching_id}", "offers", "offers/{teaching_id}"))}
RULES = {
    *("/v1/rules", "/v1/rules/export", "/v1/rules/import", "/v1/vetoes", "/v1/vetoes/{veto_id}/undo", "/v1/switch"),
    *(f"/v1/rules/{{rewrite_id}}/{what}" for what in ("dismiss", "restore", "edit")),
    *("/v1/edits/{rewrite_id}/undo", "/v1/generations", "/v1/generations/{number}/restore"),
}
EXPERIMENTS = {"/v1/experiments", _ONE, *(f"{_ONE}/{what}" for what in ("report", "stop", "cohorts"))}

OF_OTHERS = {"/v1/traces", "/v1/logs", "/v1/rasa/events"}
SERVED = {"/v1/rewrite", "/v1/turns", "/v1/failure-point", "/v1/feedback", *OF_OTHERS, *TEACHINGS}
ADMINISTERED = {("post", "/v1/experiments"), ("post", f"{_ONE}/stop"), ("get", "/v1/audit"), ("get", _CUSTOMER), ("delete", _CUSTOMER)}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """What the code says now."""
    described: dict[str, Any] = json.loads(openapi_json())
    return described


def test_the_description_is_current():
    """`docs/api/openapi.json` is what `resay openapi` prints."""
    assert PUBLISHED.read_text() == openapi_json(), "run `resay openapi > docs/api/openapi.json`"


def test_it_names_every_route_and_no_page(document: dict[str, Any]):
    """What callers may use, and nothing else."""
    assert set(document["paths"]) == {
        "/v1/rewrite",
        "/v1/turns",
        *OF_OTHERS,
        "/v1/failure-point",
        "/v1/feedback",
        *EXPERIMENTS,
        *RULES,
        *TEACHINGS,
        "/v1/audit",
        _CUSTOMER,
        "/healthz",
        "/readyz",
        "/metrics",
    }


def test_it_says_which_scope_a_key_needs(document: dict[str, Any]):
    """Everything under /v1, nothing beside it; who must not read or change what stands here once more, in full."""
    scopes = {
        (method, path): tuple(each["security"][0]["HTTPBearer"]) if "security" in each else ()
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    }

    assert {key: needed for key, needed in scopes.items() if key[1].startswith("/v1/") is not bool(needed)} == {}
    assert {path for (_, path), needed in scopes.items() if needed == ("serve",)} == SERVED
    assert {key for key, needed in scopes.items() if "admin" in needed} == ADMINISTERED
    assert {path for (_, path), needed in scopes.items() if "review" in needed} >= {*RULES, *EXPERIMENTS} - {f"{_ONE}/stop"}


def test_every_field_of_question_and_answer_is_explained(document: dict[str, Any]):
    """Names alone do not tell what is meant."""
    for schema in (
        "RewriteQuestion",
        "RewriteReply",
        "Asked",
        "Ended",
        "AddedCohort",
        "Why",
        "Turned",
        "Edited",
        "Imported",
        "RuleRow",
        "Blocked",
    ):
        for name, field in document["components"]["schemas"][schema]["properties"].items():
            assert "description" in field or "$ref" in field, f"{schema}.{name} must be described"
