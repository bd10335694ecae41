"""Whether everybody tells the same of an experiment: command line, HTTP, files and page, figure by figure; and the lab beside them.

Figures of the page are read out of its HTML, as a person would. Knows forms; knows nothing of how figures come about.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

from resay.commands.bench.loop_http import Tellings
from serving.dashboard.words import count, lift, percent
from serving.experiments.telling import CSV_COLUMNS, metric_name

AS_OF = "at"
"""The moment of looking, the only thing that may differ between looks."""

SAID = frozenset({"says", "lift", "interval", "evidence", "variance"})
"""Elements of the page whose words are a figure or the answer, by id."""

LISTED = frozenset({"arms", "days", "guardrails", "cohorts"})
"""Tables and lists of figures, by id."""

Figures = dict[str, str]
"""What is told, in words, by name."""


def differences(tellings: Tellings) -> tuple[int, int]:
    """Figures that are not told alike, of all that were compared."""
    answered = dict(leaves(tellings.answered))
    page = page_figures(tellings.page)
    pairs = [
        (answered, dict(leaves(json.loads(tellings.files["json"])))),
        (answered, dict(leaves(json.loads(tellings.sent["json"])))),
        (csv_of(tellings.answered), csv_figures(tellings.files["csv"])),
        (csv_of(tellings.answered), csv_figures(tellings.sent["csv"])),
        (words_of(tellings.answered), page),
        (page, page_figures(tellings.files["html"])),
        (page, page_figures(tellings.sent["html"])),
    ]
    compared = [(one.get(name), other.get(name)) for one, other in pairs for name in one.keys() | other.keys()]
    return sum(one != other for one, other in compared), len(compared)


def leaves(told: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Every figure of a JSON value by its path, but for the moment of looking."""
    if isinstance(told, Mapping):
        for key, each in told.items():
            if name or key != AS_OF:
                yield from leaves(each, f"{name}.{key}")
    elif isinstance(told, list):
        for place, each in enumerate(told):
            yield from leaves(each, f"{name}.{place}")
    else:
        yield name, repr(told)


def csv_figures(text: str) -> Figures:
    """The cells of a CSV by day and column."""
    return {f"{row['day']}.{column}": cell for row in csv.DictReader(io.StringIO(text)) for column, cell in row.items()}


def csv_of(answered: Mapping[str, Any]) -> Figures:
    """The cells that a look's JSON says should stand there."""
    cells: Figures = {}
    for day in answered["days"]:
        rates = [day[arm][part] for arm in ("control", "treatment") for part in ("n", "value", "lo", "hi")]
        figures = [day["day"], *rates, *(day["lift"][part] for part in ("value", "lo", "hi", "reason"))]
        named = zip(CSV_COLUMNS, figures, strict=True)
        cells |= {f"{day['day']}.{column}": "" if figure is None else str(figure) for column, figure in named}
    return cells


def words_of(answered: Mapping[str, Any]) -> Figures:
    """What a look's JSON says should stand on the page."""
    found = answered["lift"]
    words = {
        "says": answered["says"],
        "lift": lift(found["value"]),
        "interval": _span(found, lift),
        "evidence": f"{answered['evidence']:.3g}",
        "variance": percent(answered["variance_kept"], 0),
    }
    for row, arm in enumerate(answered["arms"]):
        rate = arm["rate"]
        cells = (arm["arm"], count(arm["exposed"]), count(arm["customers"]), count(arm["base"]), percent(rate["value"]))
        words |= _row("arms", row, (*cells, _span(rate, percent)))
    for row, day in enumerate(answered["days"]):
        rates = (percent(day[arm]["value"]) for arm in ("control", "treatment"))
        words |= _row("days", row, (day["day"], *rates, lift(day["lift"]["value"]), _span(day["lift"], lift)))
    for row, each in enumerate(answered["guardrail_looks"]):
        words |= _row("guardrails", row, (f"{metric_name(each['metric']).capitalize()} {each['says']}",))
    if not answered["guardrail_looks"]:
        words |= _row("guardrails", 0, ("No guardrail was asked for.",))
    for row, each in enumerate(answered["cohort_looks"]):
        words |= _row("cohorts", row, (f"{each['cohort']} {each['says']}",))
    if not answered["cohort_looks"]:
        words |= _row("cohorts", 0, ("No cohort is looked at.",))
    return {name: " ".join(text.split()) for name, text in words.items()}


def page_figures(page: str) -> Figures:
    """The figures that a person finds on a page of an experiment, by where they stand."""
    reader = _Reader()
    reader.feed(page)
    return {name: " ".join(text.split()) for name, text in reader.figures.items()}


def _span(found: Mapping[str, Any], figure: Any) -> str:
    return "–" if found["lo"] is None or found["hi"] is None else f"{figure(found['lo'])} to {figure(found['hi'])}"


def _row(table: str, row: int, cells: tuple[str, ...]) -> Figures:
    return {f"{table}.{row}.{column}": cell for column, cell in enumerate(cells)}


class _Reader(HTMLParser):
    """Takes the words of named elements, and of each cell and list entry of named tables and lists."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: Figures = {}
        self._list, self._row, self._cell = "", -1, -1
        self._name, self._ends = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Names what comes now, where it is a figure."""
        named = dict(attrs).get("id") or ""
        if named in LISTED:
            self._list, self._row = named, -1
        elif named in SAID:
            self._take(named, tag)
        elif self._list and tag == "tbody":
            self._row = -1
        elif self._list and tag in {"tr", "li"}:
            self._row, self._cell = self._row + 1, -1
        if self._list and tag in {"td", "th", "li"}:
            self._cell += 1
            self._take(f"{self._list}.{self._row}.{self._cell}", tag)

    def handle_data(self, data: str) -> None:
        """Takes words where they belong to a figure."""
        if self._name:
            self.figures[self._name] += data

    def handle_endtag(self, tag: str) -> None:
        """Ends a figure, or a table."""
        if tag == self._ends:
            self._name = self._ends = ""
        if tag in {"table", "ul"}:
            self._list = ""
        if tag == "thead":
            # Heads of columns are no figures.
            self.figures = {name: text for name, text in self.figures.items() if not name.startswith(f"{self._list}.")}

    def _take(self, name: str, tag: str) -> None:
        self._name, self._ends = name, tag
        self.figures[name] = ""
