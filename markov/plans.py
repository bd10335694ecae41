"""What the steps made, as values: wordings by state, spellings, readings, and what stands behind proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markov.engine import Engine
from resay.dialogue.text import has_command_prefix, has_control_characters


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of wordings before the chain is solved."""

    promising: Mapping[tuple[str, str], int]
    """Sources (text, prompt kind) with enough customers who succeeded after them: how many."""
    ways: Mapping[tuple[str, str], Sequence[str]]
    """Wordings by (state, prompt kind), the one that most customers succeeded with first."""
    spellings: Mapping[str, str]
    """Each of those wordings as most customers had it written; without those that nobody can say."""
    reads: Mapping[tuple[str, str], str]
    """The state that a wording is usually taken for in any room, by (text, prompt kind)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind each proposal (source text, prompt kind, wording)."""

    agreement: Mapping[tuple[str, str, str, str], float]
    """By state of the ending: the share of customers for whom the wording would have been taken for just that."""
    support: Mapping[tuple[str, str, str], tuple[int, int]]
    """Customers, and times, over all endings that the wording would have reached."""


def read_plan(engine: Engine) -> Plan:
    """What the steps of evidence left with the engine."""
    promising = {(row["said"], row["kind"]): row["customers"] for row in engine.rows("promising").to_pylist()}
    ways: dict[tuple[str, str], list[str]] = {}
    for row in sorted(engine.rows("ways").to_pylist(), key=lambda row: (-row["customers"], -row["times"], row["said"])):
        ways.setdefault((row["state"], row["kind"]), []).append(row["said"])
    spellings: dict[str, str] = {}
    for row in sorted(engine.rows("spellings").to_pylist(), key=lambda row: (-row["customers"], -row["times"], row["utterance"])):
        if not has_command_prefix(row["utterance"]) and not has_control_characters(row["utterance"]):
            spellings.setdefault(row["said"], row["utterance"])
    reads = {(row["said"], row["kind"]): row["state"] for row in engine.rows("readings").to_pylist()}
    return Plan(promising=promising, ways=ways, spellings=spellings, reads=reads)


def read_evidence(engine: Engine) -> Evidence:
    """What the backing steps left with the engine."""
    agreement = {}
    support = {}
    for row in engine.rows("backing").to_pylist():
        key = (row["said"], row["kind"], row["wording"])
        if row["state"] is None:
            support[key] = (row["agreeing"], row["times"])
        else:
            agreement[(*key, row["state"])] = row["agreeing"] / row["customers"]
    return Evidence(agreement=agreement, support=support)


def read_samples(engine: Engine) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Decisive turns of each rewrite that was chosen, by source text, prompt kind and wording, pair after pair."""
    samples: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for row in sorted(engine.rows("evidence").to_pylist(), key=lambda row: row["place"]):
        key = (row["said"], row["kind"], row["wording"])
        samples[key] = (*samples.get(key, ()), row["source_turn_id"], row["target_turn_id"])
    return samples
