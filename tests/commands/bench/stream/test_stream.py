"""`resay bench stream`: its records, its arithmetic, and the real thing on a real broker, small."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import typer
from kafka import KafkaConsumer
from typer.testing import CliRunner

from deploy.kafka.broker import Broker
from resay.commands.bench import commands
from resay.commands.bench.brokers import TOPIC_PREFIX
from resay.commands.bench.learnable import learnable_talk
from resay.commands.bench.long_table import show_long
from resay.commands.bench.report import BenchRow, bench_report
from resay.commands.bench.stream.burst import Burst, LagSample, burst_rows, watch_lag
from resay.commands.bench.stream.freshness import Freshness, freshness_rows
from resay.commands.bench.stream.parts import stream_remarks
from resay.commands.bench.stream.throughput import Round, Timed, throughput_rows
from resay.commands.bench.stream.turn_maker import make_turns
from resay.dialogue.codec import decode
from resay.dialogue.turn import Reject
from resay.lab.flow import TURNS_DAILY
from tests import child

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

WHOLE_S = 1_800.0
"""All parts, small: a minute on two quiet cores; one that hangs is ended here."""


def timed(count: int, seconds: float) -> Timed:
    """A run, its process ten seconds longer than what it did."""
    return Timed(count, seconds, seconds + 10.0, cpu_s=seconds / 2)


def test_records_are_what_is_said_of_them():
    """So many good, bad and repeated ones, as our own codec sees them, and of 212 B to 2 KB."""
    made = make_turns(2_000, Random(1), partitions=4, now=NOW)

    parts = [decode(raw, where="x", now=NOW) for _, raw in made.records]
    good = [part.turn.turn_id for part in parts if not isinstance(part, Reject)]

    assert (made.good, made.bad, made.repeated) == (1_960, 20, 20)
    assert (len(set(good)), len(good), len(parts)) == (1_960, 1_980, 2_000)
    lengths = [len(raw) for (_, raw), part in zip(made.records, parts, strict=True) if not isinstance(part, Reject)]
    assert min(lengths) >= 210
    assert max(lengths) <= 2_048
    assert 700 < made.bytes_mean < 900


def test_records_follow_from_the_seed():
    """Equal seeds give equal bytes, other seeds others."""
    one, again, other = (make_turns(50, Random(seed), partitions=2, now=NOW).records for seed in (1, 1, 2))

    assert one == again
    assert one != other


def test_a_size_is_kept():
    """Every good record of a row by size has that size."""
    made = make_turns(200, Random(1), partitions=4, now=NOW, sizes=(2_048, 2_048))

    assert sum(len(raw) == 2_048 for _, raw in made.records) >= 195


def test_the_ratio_is_that_of_one_round():
    """Rounds of 0.5, 0.8 and 0.875 give 0.8, though the medians of both rates apart would give 0.7."""
    rounds = [Round(timed(98, ours), timed(98, bare), None) for ours, bare in ((6.0, 3.0), (5.0, 4.0), (4.0, 3.5))]

    rows = {(row.row, row.metric): row for row in throughput_rows(rounds)}

    ratio = rows["ingest/raw", "ratio"]
    assert (ratio.value, ratio.lo, ratio.hi, ratio.n) == (pytest.approx(0.8), pytest.approx(0.5), pytest.approx(0.875), 98)
    assert rows["ingest/raw", "per_s"].value == pytest.approx(19.6)
    assert rows["ingest/raw", "cpu_s"].value == 2.5
    assert rows["ingest/whole-process", "ratio"].value == pytest.approx(14 / 15)
    assert rows["bare/kafka-python", "per_s"].value == pytest.approx(28.0)
    assert not [name for name in rows if name[0] == "bare/confluent-kafka"]


def test_the_other_consumer_has_rows_where_it_is_installed():
    """For comparison only: no ratio is made with it."""
    rows = list(throughput_rows([Round(timed(98, 2.0), timed(100, 1.0), timed(100, 0.5))]))

    assert [(row.metric, row.value) for row in rows if row.row == "bare/confluent-kafka"] == [
        ("per_s", 200.0),
        ("seconds", 0.5),
        ("cpu_s", 0.25),
    ]


def test_a_burst_is_told_by_its_peak_and_its_end():
    """The farthest behind, and when nothing was behind any more."""
    burst = Burst(500, 0.2, (LagSample(0.1, 300), LagSample(0.4, 480), LagSample(3.0, 0)))

    assert [(row.metric, row.value) for row in burst_rows(burst)] == [("lag_peak", 480), ("seconds", 3.0), ("sent_s", 0.2)]


def test_lag_is_watched_until_all_is_sent():
    """A lag of 0 while records are still being sent is not the end."""
    lags, sent = iter([5, 0, 7, 0]), iter([False, False, True, True])

    samples = watch_lag(lambda: next(lags), until=lambda: next(sent))

    assert [sample.lag for sample in samples] == [5, 0, 7, 0]


def test_freshness_is_told_by_its_middle_and_its_worst():
    """Beside how many turns the lake held."""
    rows = {row.metric: row for row in freshness_rows("freshness", Freshness(46_000, (12.0, 5.0, 30.0)))}

    assert (rows["freshness_s"].value, rows["freshness_s"].lo, rows["freshness_s"].hi) == (12.0, 5.0, 30.0)
    assert (rows["freshness_s_max"].value, rows["turns"].value) == (30.0, 46_000)


def test_people_get_a_line_a_figure(capsys: pytest.CaptureFixture[str]):
    """The row's name where it changes, a range where there is one, and what is measured in words."""
    rows = [
        BenchRow("records", "bytes_mean", 809.4, n=1_000, unit="bytes"),
        BenchRow("ingest/raw", "ratio", 0.256, 0.2, 0.3, 980, "ratio"),
        BenchRow("ingest/raw", "per_s", 12_345.6, 12_345.6, 12_345.6, 980, "per_s"),
    ]

    show_long(bench_report("stream", rows, seed=7, now=NOW))
    said = list(stream_remarks(rows))

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == ["ingest/raw", "ratio", "0.26", "0.20", "…", "0.30"]
    assert lines[3] == ["per_s", "12,346", "/s"]
    assert "809 B in the mean" in said[0]
    assert "bare/confluent-kafka is left out" in said[1]


def test_learnable_talk_lacks_one_turn():
    """Ten customers were refused, nine have said it otherwise; the tenth decides."""
    (talk,) = learnable_talk(1, customers=10, now=NOW)

    assert sum(turn.utterance == talk.source for turn in talk.before) == 10
    assert sum(turn.utterance == talk.target for turn in talk.before) == 9
    assert talk.decisive.utterance == talk.target
    assert max(turn.at for turn in (*talk.before, talk.decisive)) < NOW


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("kafka://localhost:9092/turns", "without a topic"),
        ("localhost:9092", "without a topic"),
        ("kafka://127.0.0.1:9", "`make kafka` starts one"),
    ],
)
def test_a_missing_broker_is_said_in_a_sentence(tmp_path: Path, source: str, said: str):
    """Before anything is made; status 1."""
    ran = child.resay("bench", "stream", "--source", source, home=tmp_path)

    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_help_has_an_example():
    """The command shows how it is used, and says which row the bar is for."""
    app = typer.Typer()
    commands.register(app)

    shown = CliRunner().invoke(app, ["bench", "stream", "--help"]).stdout

    assert "resay bench stream" in shown
    assert "ingest/raw" in shown


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where children make their temporary files: not below pytest's own folder, as paths of sockets must be short."""
    with TemporaryDirectory(prefix="rsy") as place:
        monkeypatch.setenv("TMPDIR", place)
        yield Path(place)


@pytest.mark.kafka
@pytest.mark.slow
def test_every_part_gives_its_rows_on_a_real_broker(tmp_path: Path, own_broker: Broker, temporary: Path):
    """Small, and each figure is one that can be; nothing is left on broker and disk."""
    words = ("--turns", "400", "--rounds", "1", "--burst", "300", "--tries", "1", "--customers", "4", "--kill-points", "3")
    process = start(own_broker, *words, home=tmp_path)

    out, said = process.communicate(timeout=WHOLE_S)

    assert process.returncode == 0, said
    rows = {(row["row"], row["metric"]): row["value"] for row in json.loads(out)["rows"]}
    assert 0 < rows["ingest/raw", "ratio"] < 10
    assert 0 < rows["ingest/2KB", "ratio"] < 10
    assert rows["bare/kafka-python", "per_s"] > 0
    assert 0 < rows["burst", "lag_peak"] <= 300
    assert 0 < rows["freshness/small", "freshness_s"] <= rows["freshness/small", "freshness_s_max"]
    assert rows["freshness", "turns"] - rows["freshness/small", "turns"] == round(4 * 28 * TURNS_DAILY)
    assert (rows["kills", "kill_points"] >= 3, rows["kills", "lost"], rows["kills", "doubled"]) == (True, 0, 0)
    assert (topics(own_broker), list(temporary.iterdir())) == ([], [])


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.exhaustive)])
def test_interrupted_it_leaves_nothing_behind(tmp_path: Path, own_broker: Broker, temporary: Path, how: signal.Signals):
    """In the midst of a burst, with a child at work: no topic, no process, no file; status 130."""
    process = start(own_broker, "--part", "burst", home=tmp_path)
    wait_for(lambda: children_of(process.pid))
    children = children_of(process.pid)

    process.send_signal(how)
    _, said = process.communicate(timeout=child.WAIT_S)

    assert process.returncode == 130, said
    assert not any(is_there(number) for number in children)
    assert (topics(own_broker), list(temporary.iterdir())) == ([], [])


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_killed_it_leaves_no_process(tmp_path: Path, own_broker: Broker, temporary: Path):
    """`kill -9` cannot be answered, and yet its children end with it."""
    process = start(own_broker, "--part", "burst", home=tmp_path)
    wait_for(lambda: children_of(process.pid) and any(temporary.glob("*/*/lake")))
    children = children_of(process.pid)

    process.kill()
    process.communicate()

    wait_for(lambda: not any(is_there(number) for number in children))


def start(broker: Broker, *words: str, home: Path) -> subprocess.Popen[str]:
    """The bench as a process."""
    return child.start_resay("bench", "stream", "--source", f"kafka://{broker.address}", *words, "--json", home=home)


def topics(broker: Broker) -> list[str]:
    """Topics of benches that are on a broker."""
    consumer = KafkaConsumer(bootstrap_servers=broker.address)
    try:
        return [name for name in consumer.topics() if name.startswith(TOPIC_PREFIX)]
    finally:
        consumer.close()


def children_of(parent: int) -> list[int]:
    """The processes that a process has started and that work."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, of = stat.read_text().rpartition(")")[2].split()[:2]
            if int(of) == parent and state != "Z":
                found.append(int(stat.parent.name))
    return found


def is_there(number: int) -> bool:
    """Whether a process works; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(there: Callable[[], object]) -> None:
    """Nothing, once it is so."""
    deadline = time.monotonic() + child.WAIT_S
    while not there():
        assert time.monotonic() < deadline, "it must come to pass"
        time.sleep(0.05)
