"""How long the pages take over a long log: what keeps their sums, and each page as a browser asks for it, first and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlencode, urlsplit

from resay.commands.bench.children import ChildFailed
from resay.commands.bench.loop_service import cookie_of
from resay.commands.bench.made_home import MEMORY, keep_day, publish_mined
from resay.commands.bench.mine_talk import DAYS, Talk, make_day
from resay.commands.bench.report import BenchRow
from resay.dialogue.rewrite import Decision
from resay.dialogue.tick import Tick
from resay.experiment.assign import TREATMENT
from resay.label.rollup import keep_rollup
from resay.store.artifact import Shelf
from resay.store.books import Books
from resay.store.experiments import ExperimentBooks
from resay.store.lake import Lake
from serving.app import create_app
from serving.dashboard.templates import PAGES
from serving.experiments.question import Question, draw_of, record_of
from serving.server import RunningService, bind, start
from serving.service import ServiceSettings

TURNS_A_CUSTOMER = 50
"""As many customers for their turns as assistants with many customers have; the experiment counts each of them."""

EXPERIMENT = "rewriting"

STARTED = datetime(2026, 1, 8, tzinfo=UTC)
"""A week of past, and three weeks of experiment."""

AGAIN = 5
"""How often a page is asked for behind the first time."""

FRESH_S = 16.0
"""After so long what the overview and an experiment's page show is made anew (`serving.dashboard.page.VIEW_LIFE`)."""

KEY = "bench"

ANSWER_S = 600.0
"""Longest wait for one page: the first look reads all turns."""

DECISIONS_A_WRITE = 500

PATHS = (
    *(path for path, _ in PAGES),
    "/failure-points?by=intent",
    "/failure-points/dialogues?point=asr&by=device_type&name=device%200",
    f"/experiments/{EXPERIMENT}",
    f"/experiments/{EXPERIMENT}/report?as=json",
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took."""

    wall_s: float
    cpu_s: float
    """Of all threads of this process, the asking among them: what a busy machine changes little."""


def page_rows(turns: int, *, seed: int, tick: Tick) -> Iterator[BenchRow]:
    """Seconds of the sums, and milliseconds of each page."""
    with TemporaryDirectory(prefix="resay-", ignore_cleanup_errors=True) as folder:
        home, talk = Path(folder), Talk(turns, seed, TURNS_A_CUSTOMER)
        lake = _filled(home, talk, tick)
        yield from _told("sums/whole", [_timed(lambda: keep_rollup(lake, [], now=datetime.now(UTC)))], unit="s")
        _add_day(lake, talk, DAYS - 1)
        yield from _told("sums/one-more-day", [_timed(lambda: keep_rollup(lake, [], now=datetime.now(UTC)))], unit="s")
        tick(DAYS + 2, DAYS + 2)
        service = start(create_app(_settings(home)), bind("127.0.0.1", 0))
        try:
            yield from _pages(service)
        finally:
            service.stop()


def _pages(service: RunningService) -> Iterator[BenchRow]:
    parts = urlsplit(service.url)
    with closing(HTTPConnection(str(parts.hostname), parts.port, timeout=ANSWER_S)) as connection:
        form = {"Origin": service.url, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", "/session", urlencode({"key": KEY}), form)
        entered = connection.getresponse()
        entered.read()
        browser = {"Cookie": cookie_of(entered)}

        def ask(path: str) -> Callable[[], object]:
            return lambda: _ask(connection, path, browser)

        for path in PATHS:
            yield from _told(f"first{path}", [_timed(ask(path))])
        time.sleep(FRESH_S)
        for path in PATHS:
            yield from _told(f"fresh{path}", [_timed(ask(path))])
        for path in PATHS:
            yield from _told(f"again{path}", [_timed(ask(path)) for _ in range(AGAIN)])


def _ask(connection: HTTPConnection, path: str, browser: Mapping[str, str]) -> None:
    connection.request("GET", path, headers=browser)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != HTTPStatus.OK:
        message = f"service must show {path} to who gave its key; it answers {answer.status}: {told[:200]!r}"
        raise ChildFailed(message)


def _timed(work: Callable[[], object]) -> Cost:
    began, cpu_began = time.perf_counter(), time.process_time()
    work()
    return Cost(time.perf_counter() - began, time.process_time() - cpu_began)


def _told(row: str, costs: list[Cost], *, unit: str = "ms") -> Iterator[BenchRow]:
    """The median of each."""
    scale, wall = (1, "seconds") if unit == "s" else (1_000, "wall_ms")
    yield BenchRow(row, wall, scale * median(each.wall_s for each in costs), n=len(costs), unit=unit)
    yield BenchRow(row, f"cpu_{wall.removeprefix('wall_')}", scale * median(each.cpu_s for each in costs), n=len(costs), unit=unit)


def _filled(home: Path, talk: Talk, tick: Tick) -> Lake:
    """A home with all but the last day of talk, a table, an experiment with everybody in it, and an answer for every turn."""
    lake, books = Lake(home / "lake"), Books(home / "books.sqlite")
    try:
        for day in range(DAYS - 1):
            _add_day(lake, talk, day)
            tick(day + 1, DAYS + 2)
        publish_mined(lake, Shelf(home / "rewrites"))
        _expose(lake, books)
        _answer(books, talk.turns)
        tick(DAYS + 1, DAYS + 2)
    finally:
        books.close()
    return lake


def _add_day(lake: Lake, talk: Talk, day: int) -> None:
    with lake.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute("set preserve_insertion_order = false")
        make_day(connection, talk, day)
        keep_day(lake, connection, day)


def _expose(lake: Lake, books: Books) -> None:
    """Start an experiment, and let everybody meet it at their first turn behind its start."""
    question = Question(EXPERIMENT, cohorts=("cohort 0", "cohort 1"))
    record = ExperimentBooks(books).start(lambda others: record_of(question, others, now=STARTED))
    draw = draw_of(record)
    with lake.connect() as connection:
        query = "select customer_id, min(event_time) from turn_parts where event_time >= ? group by customer_id order by customer_id"
        met = connection.execute(query, [STARTED]).fetchall()
    told = []
    for customer, at in met:
        arm = draw.arm_of(customer)
        target, reason = ("say it", "rewritten") if arm == TREATMENT else (None, "control_arm")
        named = f"d-{customer}", f"t-{customer}", customer, at.astimezone(UTC), "before", "say what", target
        told.append(Decision(*named, "table", 1, "r1", EXPERIMENT, arm, 0.5, reason, 0.4))
    for first in range(0, len(told), DECISIONS_A_WRITE):
        books.log_decisions(told[first : first + DECISIONS_A_WRITE])


def _answer(books: Books, turns: int) -> None:
    """An answer for every turn, as a service that is asked about each leaves them."""
    names = "decision_id, turn_id, customer_id, event_time, mode, source, propensity, reason, latency_ms"
    reasons = "case abs(random() % 4) when 0 then 'below_margin' when 1 then 'less_likely' else 'no_candidate' end"
    began = (STARTED - timedelta(days=7)).strftime("%Y-%m-%d %H:%M:%S")
    made = f"""
        insert into decisions ({names})
        with recursive numbers(number) as (select 0 union all select number + 1 from numbers where number < {turns - 1})
        select 'a' || number, 'a' || number, 'customer-' || (number % {max(turns // TURNS_A_CUSTOMER, 1)}),
            strftime('%Y-%m-%d %H:%M:%S.000000', '{began}', '+' || (number * {DAYS * 86_400} / {turns}) || ' seconds'),
            'before', 'say what', 1.0, {reasons}, 0.3
        from numbers
    """
    with books.writing() as connection:
        connection.exec_driver_sql(made)


def _settings(home: Path) -> ServiceSettings:
    return ServiceSettings(
        home=home, lake=home / "lake", books=home / "books.sqlite", rewrites=home / "rewrites", reports=home / "reports", api_key=KEY
    )
