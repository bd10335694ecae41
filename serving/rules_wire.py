"""What `/v1/rules` is asked, as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serving.review.drafting import DRAFTS_MAX

BY = "http"
"""Who did it, where nobody says."""

TEXT_CHARS_MAX = 500
"""A reason is a sentence or two."""

RULE_CHARS_MAX = 2_000
"""Longest text of a rule, as the wire has it."""

Scope = Literal["all", "taught", "personal", "table", "global"]


class Why(BaseModel):
    """Why something is changed."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="forbid")

    why: str = Field("", max_length=TEXT_CHARS_MAX)
    """In a sentence."""
    by: str = Field(BY, max_length=TEXT_CHARS_MAX)
    """Who changes it."""


class Turned(Why):
    """What is switched off, or on again."""

    scope: Scope = "all"
    """Everything, or a layer."""
    off: bool
    """Whether it shall be off."""


class Edited(Why):
    """What a rewrite shall say."""

    target: str = Field(min_length=1, max_length=RULE_CHARS_MAX)
    """The wording that shall be said."""
    allow_risky: bool = False
    """Whether a risky action is allowed with fewer customers behind it."""


class RuleRow(BaseModel):
    """A rule as files have it; columns of an export that are not named here are passed over."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, extra="ignore")

    do: Literal["rewrite", "block"] = "rewrite"
    """Whether it shall be said, or never."""
    source: str = Field("", max_length=RULE_CHARS_MAX)
    """What customers say."""
    target: str = Field("", max_length=RULE_CHARS_MAX)
    """What shall be said for them."""
    prompt_kind: str = Field("", max_length=TEXT_CHARS_MAX)
    """What the assistant had asked; empty: nothing."""
    room: str = Field("", max_length=TEXT_CHARS_MAX)
    """The room in which it holds; empty: any."""
    device_type: str = Field("", max_length=TEXT_CHARS_MAX)
    """The kind of device on which it holds; empty: any."""


class Imported(Why):
    """Rules that shall be in the table, or in the blocklist."""

    rules: list[RuleRow] = Field(min_length=1, max_length=DRAFTS_MAX)
    """As `/v1/rules/export` has them."""
    allow_risky: bool = False
    """Whether risky actions are allowed with fewer customers behind them."""
    dry_run: bool = False
    """Whether they are but tried on recorded traffic."""


class Blocked(Why):
    """What must never be said."""

    source: str = Field("", max_length=RULE_CHARS_MAX)
    """For these words; empty: for any."""
    target: str = Field("", max_length=RULE_CHARS_MAX)
    """These words; empty: any."""
