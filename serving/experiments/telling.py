"""What a look at an experiment says: in a sentence, as JSON, as CSV. Command line, HTTP and page tell it through these words alone.

Knows values and words; knows nothing of where either goes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime

from resay.experiment.bounds import NOTHING_COUNTED, TOO_FEW_UNITS, Interval
from resay.experiment.compare import CROSSED_ARMS, CROSSED_SHARE_MAX, NO_EXPOSURE, SAMPLE_RATIO_MISMATCH, Comparison, Ruling
from resay.experiment.guard import Guarded, Safety
from resay.experiment.sequential import CUSTOMERS_MIN
from resay.store.experiments import ExperimentRecord
from serving.dashboard.words import lift, percent
from serving.experiments.look import ArmLook, DayLook, Look

EVIDENCE_MAX = 1e300
"""JSON knows no infinity; evidence beyond all bounds is told as this."""

METRIC_NAMES = {
    "defect_rate": "defect rate",
    "rephrase_rate": "share of turns said again",
    "barge_in": "share of answers spoken over",
    "negative_feedback": "share of turns complained of",
    "goal_success": "share of goals reached",
}

REASONS = {
    NO_EXPOSURE: "no rewrite was ready yet for anybody who takes part",
    SAMPLE_RATIO_MISMATCH: "the arms are not of the sizes that were drawn: something loses customers of one, and no figure means anything",
    CROSSED_ARMS: f"more than {CROSSED_SHARE_MAX:.0%} of the customers were served by both arms",
    TOO_FEW_UNITS: f"an arm has fewer than {CUSTOMERS_MIN} customers of whom anything was counted",
    NOTHING_COUNTED: "nothing of the kind that is counted has happened yet, or to all alike",
}

SAFETIES = {
    Safety.HARMED: "got worse",
    Safety.SAFE: "safe",
    Safety.UNSURE: "not known yet",
    Safety.UNDECIDABLE: "undecidable",
}

CSV_COLUMNS = (
    "day",
    *(f"{arm}_{part}" for arm in ("control", "treatment") for part in ("customers", "rate", "rate_lo", "rate_hi")),
    *("lift", "lift_lo", "lift_hi", "reason"),
)


def metric_name(metric: str) -> str:
    """What a metric is called in a sentence."""
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def reason_words(reason: str) -> str:
    """Why something cannot be said."""
    return REASONS.get(reason, reason.replace("_", " "))


def says(found: Comparison) -> str:
    """What is known, in a sentence."""
    name = metric_name(found.metric.name)
    if found.ruling is Ruling.UNDECIDABLE:
        return f"Undecidable, because {reason_words(found.reason)}."
    figures = f"{name} {lift(found.lift.value)} ({lift(found.lift.lo)} to {lift(found.lift.hi)}), treatment over control"
    return {
        Ruling.BETTER: f"Treatment is better: {figures}.",
        Ruling.WORSE: f"Treatment is worse: {figures}.",
        Ruling.EVEN: f"No difference that matters: {figures}.",
        Ruling.OPEN: f"Open, the interval still holds both nought and something that matters: {figures}.",
    }[found.ruling]


def guard_says(guarded: Guarded) -> str:
    """What is known of a guardrail, in a sentence."""
    found, margin = guarded.comparison, percent(guarded.guardrail.margin, 0)
    if guarded.safety is Safety.UNDECIDABLE:
        return f"undecidable, because {reason_words(found.reason)}"
    figures = f"{lift(found.lift.value)} ({lift(found.lift.lo)} to {lift(found.lift.hi)})"
    return f"{SAFETIES[guarded.safety]}: {figures}; {margin} worse would be borne"


def state_of(record: ExperimentRecord) -> str:
    """Whether it runs."""
    return "running" if record.stopped_at is None else "stopped"


def record_json(record: ExperimentRecord) -> dict[str, object]:
    """What was asked, and how it ended."""
    return {
        "experiment": record.experiment,
        "state": state_of(record),
        "why": record.why,
        "metric": record.metric,
        "treatment": record.treatment,
        "share": round(record.stretch_end - record.stretch_start, 9),
        "salt": record.salt,
        "past_days": record.past_days,
        "guardrails": dict(record.guardrails),
        "cohorts": [*record.cohorts, *record.later_cohorts],
        "margin": record.margin,
        "level": record.level,
        "started_at": _time(record.started_at),
        "started_by": record.started_by,
        "stopped_at": record.stopped_at and _time(record.stopped_at),
        "stopped_by": record.stopped_by,
        "stop_reason": record.stop_reason,
    }


def look_json(look: Look) -> dict[str, object]:
    """All of a look."""
    report = look.report
    worst = report.worst and {"cohort": report.worst[0], "gap": report.worst[1]}
    return {
        **record_json(look.record),
        "at": _time(look.at),
        **_comparison_json(report.decision),
        "says": says(report.decision),
        "arms": [_arm_json(each) for each in look.arms],
        "crossed": report.crossed,
        "sample_ratio": {"e_value": min(look.ratio.e_value, EVIDENCE_MAX), "p_value": look.ratio.p_value, "mismatch": look.ratio.mismatch},
        "guardrail_looks": [
            {"margin": each.guardrail.margin, "safety": each.safety, "says": guard_says(each), **_comparison_json(each.comparison)}
            for each in report.guardrails
        ],
        "cohort_looks": [{"cohort": name, "says": says(each), **_comparison_json(each)} for name, each in report.cohorts.items()],
        "worst_cohort": worst,
        "must_stop": list(report.stop),
        "days": [_day_json(each) for each in look.days],
        "events": [{"at": _time(each.at), "change": each.change, "by": each.by, "why": each.why} for each in look.events],
    }


def look_csv(look: Look) -> str:
    """What was known at the end of each day, a line a day."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(CSV_COLUMNS)
    for day in look.days:
        rates = [part for arm in day.arms for part in (arm.n, arm.value, arm.lo, arm.hi)]
        table.writerow(_cells([day.day, *rates, day.lift.value, day.lift.lo, day.lift.hi, day.lift.reason]))
    return text.getvalue()


def _cells(values: Sequence[object]) -> list[object]:
    return ["" if value is None else value for value in values]


def _comparison_json(found: Comparison) -> dict[str, object]:
    return {
        "metric": found.metric.name,
        "ruling": found.ruling,
        "reason": found.reason,
        "lift": _interval_json(found.lift),
        "one_look": _interval_json(found.one_look),
        "evidence": min(found.evidence, EVIDENCE_MAX),
        "variance_kept": found.variance_kept,
    }


def _interval_json(found: Interval) -> dict[str, object]:
    return {"value": found.value, "lo": found.lo, "hi": found.hi, "n": found.n, "reason": found.reason}


def _arm_json(arm: ArmLook) -> dict[str, object]:
    return {
        "arm": arm.arm,
        "exposed": arm.exposed,
        "customers": arm.customers,
        "total": arm.total,
        "base": arm.base,
        "rate": _interval_json(arm.rate),
    }


def _day_json(day: DayLook) -> dict[str, object]:
    control, treatment = day.arms
    return {
        "day": day.day.isoformat(),
        "control": _interval_json(control),
        "treatment": _interval_json(treatment),
        "lift": _interval_json(day.lift),
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
