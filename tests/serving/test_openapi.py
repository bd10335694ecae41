"""The published description of the API is that of the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resay.commands.serve import openapi_json

PUBLISHED = Path(__file__).parent.parent.parent / "docs/api/openapi.json"

_ONE = "/v1/experiments/{name}"
TEACHINGS = {"/v1/teachings", *(f"/v1/teachings/{what}" for what in ("{teaching_id}", "offers", "offers/{teaching_id}"))}
RULES = {"/v1/rules", "/v1/rules/{rewrite_id}/dismiss", "/v1/rules/{rewrite_id}/restore", "/v1/vetoes/{veto_id}/undo", "/v1/switch"}
EXPERIMENTS = {"/v1/experiments", _ONE, *(f"{_ONE}/{what}" for what in ("report", "stop", "cohorts"))}


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
        "/v1/failure-point",
        "/v1/feedback",
        *EXPERIMENTS,
        *RULES,
        *TEACHINGS,
        "/healthz",
        "/readyz",
        "/metrics",
    }


def test_it_says_where_the_key_is_needed(document: dict[str, Any]):
    """Everything under /v1, nothing beside it."""
    keyed = {path for path, methods in document["paths"].items() if any("security" in each for each in methods.values())}

    assert keyed == {"/v1/rewrite", "/v1/turns", "/v1/failure-point", "/v1/feedback", *EXPERIMENTS, *RULES, *TEACHINGS}


def test_every_field_of_question_and_answer_is_explained(document: dict[str, Any]):
    """Names alone do not tell what is meant."""
    for schema in ("RewriteQuestion", "RewriteReply", "Asked", "Ended", "AddedCohort", "Why", "Turned"):
        for name, field in document["components"]["schemas"][schema]["properties"].items():
            assert "description" in field or "$ref" in field, f"{schema}.{name} must be described"
