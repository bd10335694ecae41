"""`resay stream`: the loop that never ends. Records land, turns are linked and labelled, rewrites are learnt and published, as they come.

One process runs the whole chain, or several run a part of it each; all meet in the lake. What the parts do stands in `stream_parts`.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import asdict
from typing import Annotated

import typer

from ingest.kafka_reading import GROUP
from resay.commands.adapted import TURNS
from resay.commands.chain import Chain
from resay.commands.console import HomeOption, JsonOption, console, print_json, remarks
from resay.commands.detectors import DEFAULT, DetectorOption, ModelOption, asked_detector
from resay.commands.landing import landed_words
from resay.commands.learn import KOption
from resay.commands.learning import CUSTOMERS_MIN
from resay.commands.place import KafkaSettingsOption
from resay.commands.settings import read_settings
from resay.commands.stopping import stoppable
from resay.commands.stream_metrics import StreamMetrics, shown_at
from resay.commands.stream_parts import EVERY_S, Part, StreamOrders, Tally, run_parts
from resay.commands.topic import MetricsPortOption, RejectsTopicOption
from resay.commands.topic_events import FormatOption, check_usage
from resay.commands.understand_url import UnderstandOption, UrlUnderstanding


def register(app: typer.Typer) -> None:
    """Add `stream`."""
    app.command("stream", rich_help_panel="Run it")(stream_command)


def stream_command(  # noqa: PLR0917 - an option is a parameter
    source: Annotated[str, typer.Option("--source", metavar="PLACE", help="Folder of logs, a growing file, or kafka://…/TOPIC.")] = "",
    form: FormatOption = TURNS,
    jobs: Annotated[str, typer.Option("--jobs", help="Of ingest, detect, label, classify, learn, sum [default: all but classify].")] = "",
    every: Annotated[float, typer.Option("--every", min=0.1, help="Learn at most this often, seconds.")] = EVERY_S,
    until_idle: Annotated[float | None, typer.Option("--until-idle", min=0.1, help="End after so many seconds without work.")] = None,
    k: KOption = CUSTOMERS_MIN,
    detector: DetectorOption = DEFAULT,
    model: ModelOption = None,
    understand_url: UnderstandOption = None,
    metrics_port: MetricsPortOption = None,
    group: Annotated[str, typer.Option("--group", help="Consumer group; its members share the partitions of a topic.")] = GROUP,
    rejects_topic: RejectsTopicOption = "",
    kafka_settings: KafkaSettingsOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole loop as turns come in: land, link, label, learn, publish. A running `resay serve` takes up what is published.

    Ends cleanly on Ctrl-C and SIGTERM, and may be killed at any moment: nothing is lost and nothing counted twice.
    What cannot be read of a topic is also sent to the topic of that name with `-rejects` behind it, if there is one.
    Several processes may share the work: each part runs in one process, but `ingest` of a topic in as many as it has partitions.
    Where the lake holds links of another detector, or of another version of it, all turns are linked anew at the start.

    With `--understand-url` the assistant is asked, as in `resay replay`, so that what it has come to understand retires within a minute.

    Examples: `resay stream --source logs/` · `resay stream --source kafka://localhost:9092/dialogue-turns --metrics-port 9400` ·
    `resay stream --source kafka://localhost:9092/rasa_core_events --format rasa` ·
    `resay stream --jobs detect,label,classify` · `resay stream --source logs/ --until-idle 5 --json`
    """
    check_usage(form, source)
    links = asked_detector(detector, model)
    orders = StreamOrders(
        read_settings(home=home),
        _named(jobs, source),
        source,
        form=form,
        kafka_settings=kafka_settings,
        rejects_topic=rejects_topic,
        group=group,
        k=k,
        every_s=every,
        links=links,
        understanding=UrlUnderstanding(understand_url) if understand_url else None,
    )
    metrics, tally, began = StreamMetrics(source.split("://")[0] if "://" in source else "file"), Tally(), time.monotonic()
    with ExitStack() as stack:
        chain = Chain(stop=stack.enter_context(stoppable()), until_idle_s=until_idle)
        stack.enter_context(shown_at(metrics, metrics_port))
        if not as_json:
            remarks.print(f"resay: streaming {', '.join(orders.parts)}; Ctrl-C ends it", markup=False)
        run_parts(orders, chain, tally=tally, metrics=metrics)
    if as_json:
        print_json({**asdict(tally), "read": tally.landed.read, "seconds": round(time.monotonic() - began, 2)})
    else:
        console.print(_summary(tally), markup=False, soft_wrap=True)


def _named(jobs: str, source: str) -> list[Part]:
    """The parts to run, in the order of the chain."""
    asked = [each.strip() for each in jobs.split(",") if each.strip()]
    unknown = sorted(set(asked) - set(Part))
    if unknown:
        message = f"--jobs must name some of {', '.join(Part)}; got {', '.join(unknown)}; was a comma forgotten?"
        raise typer.BadParameter(message)
    usual: list[Part] = [each for each in Part if each is not Part.CLASSIFY and (source or each is not Part.INGEST)]
    names = [each for each in Part if each in asked] or usual
    if bool(source) != (Part.INGEST in names):
        message = "--source must go with the part `ingest`; one of them is there without the other"
        raise typer.BadParameter(message)
    return names


def _summary(tally: Tally) -> str:
    judged = ", ".join(f"{job}: {turns:,} turns" for job, turns in tally.judged.items()) or "nothing judged"
    told = f"parts of turns: new {tally.told.accepted:,}, rejected {tally.told.rejected:,}; " if tally.told.read else ""
    live = f"generation {tally.generation} is live" if tally.generation else "no generation was made live"
    return f"{landed_words(tally.landed)}; {told}{judged}; learnt {tally.learnt:,} times, published {tally.published:,}; {live}"
