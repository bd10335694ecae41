"""What the service counts, in Prometheus' terms. One registry an app, so that two apps in one process do not mix."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from resay.dialogue.rewrite import Action, Layer, Reason, RewriteAnswer
from rewrite_online.gate import judge
from rewrite_online.personal_layer import PersonalLayer
from rewrite_online.rewriter import Live

# From a tenth of a millisecond, below a table hit, to four times the default deadline.
_BUCKETS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)


class Metrics:
    """The counters of one service; no customer and no text is ever a label."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._is_hushed = False
        answered = ["outcome", "layer", "reason"]
        self._requests = Counter("resay_rewrite_requests", "Answers of /v1/rewrite.", answered, registry=registry)
        self._abstained = Counter("resay_rewrite_abstained", "Answers that left the utterance alone.", ["reason"], registry=registry)
        self._duration = Histogram("resay_rewrite_duration_seconds", "Time to decide an answer.", buckets=_BUCKETS_S, registry=registry)
        self._faults = Counter("resay_part_failures", "Parts that broke or were late.", ["part", "kind"], registry=registry)
        self._given_up = Counter(
            "resay_rewrite_given_up", "Requests that passed through for want of time or of a place in the line.", registry=registry
        )
        self._accepted = Counter("resay_events_accepted", "Records accepted.", ["source"], registry=registry)
        self._rejected = Counter("resay_events_rejected", "Records rejected.", ["source", "reason"], registry=registry)
        self._lost = Counter("resay_decisions_lost", "Decisions that could not be written down.", ["reason"], registry=registry)
        self._refused = Counter("resay_requests_refused", "Requests turned away at the door.", ["reason"], registry=registry)
        self._rules = Gauge("resay_rules", "Rewrites of the live generation.", ["state", "layer"], registry=registry)
        self._generation = Gauge("resay_generation", "Number of the live generation; 0 before the first.", registry=registry)
        self._problem = Gauge("resay_generation_problem", "1 where what was published is not served; /readyz says why.", registry=registry)

    def answered(self, answer: RewriteAnswer) -> None:
        """Count one answer."""
        self._requests.labels(answer.action, answer.layer or "none", answer.reason).inc()
        if answer.action is Action.PASS_THROUGH:
            self._abstained.labels(answer.reason).inc()
        self._duration.observe(answer.latency_ms / 1000)

    @contextmanager
    def hushed(self) -> Iterator[None]:
        """A block in which parts that break or are late are not counted: nobody waits for them."""
        self._is_hushed = True
        try:
            yield
        finally:
            self._is_hushed = False

    def failed(self, part: str, error: Exception) -> None:
        """Count a part that broke or was late."""
        if self._is_hushed:
            return
        self._faults.labels(part, type(error).__name__).inc()

    def given_up(self) -> None:
        """Count a request that found the waiting line full, or came out of it too late."""
        if not self._is_hushed:
            self._given_up.inc()

    def show_memory(self, personal: PersonalLayer, waiting: Callable[[], int]) -> None:
        """Show how many histories are in memory, and how many requests wait, whenever somebody looks."""
        shown = {
            ("resay_histories_kept", "Customers' histories in memory."): lambda: personal.kept[0],
            ("resay_histories_bytes", "About how many bytes they take."): lambda: personal.kept[1],
            ("resay_histories_read", "Histories read from the books since the start."): lambda: personal.reads,
            ("resay_rewrite_waiting", "Requests in the waiting lines, those under way included."): waiting,
        }
        for (name, meaning), value in shown.items():
            Gauge(name, meaning, registry=self.registry).set_function(value)

    def landed(self, source: str, *, accepted: int, rejected: int) -> None:
        """Count records that came in, and those that did not."""
        self._accepted.labels(source).inc(accepted)
        # One reason only: the sentence of a reject quotes what came, and would make a series a record.
        self._rejected.labels(source, "unreadable").inc(rejected)

    def lost(self, reason: str, times: int) -> None:
        """Count decisions that could not be written down."""
        self._lost.labels(reason).inc(times)

    def refused(self, reason: str) -> None:
        """Count a request turned away at the door."""
        self._refused.labels(reason).inc()

    def went_live(self, live: Live) -> None:
        """Show what is live now."""
        self._generation.set(live.generation or 0)
        self._problem.set(bool(live.problem))
        self._rules.clear()
        for state, rules in Tally(judge(rewrite, vetoes=live.vetoes) for rewrite in live.rewrites).items():
            self._rules.labels("live" if state is Reason.REWRITTEN else state, Layer.TABLE).set(rules)

    def exposition(self) -> bytes:
        """All counters in Prometheus' text format."""
        return generate_latest(self.registry)
