"""The brokers of a topic: what they tell of it, and their library's errors in our words.

Knows how to reach brokers and what may go wrong on the way; reading is `kafka_log`, writing `kafka_sink`.
"""

from __future__ import annotations

import logging
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kafka import KafkaAdminClient  # type: ignore[import-untyped] # The library has no types; what it gives is typed where it comes in.
from kafka.admin import ConfigResource, ConfigResourceType  # type: ignore[import-untyped]
from kafka.errors import (  # type: ignore[import-untyped]
    AuthorizationError,
    CorruptRecordError,
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    UnsupportedCodecError,
)
from kafka.net.compat import KafkaNetClient  # type: ignore[import-untyped]
from kafka.net.sasl.oauth import AbstractTokenProvider  # type: ignore[import-untyped]

from ingest.kafka_place import KafkaPlace, KafkaSecurity
from ingest.kafka_reading import REACH_S
from ingest.source import SourceUnavailable

REQUEST_S = 10.0
"""How long an answer may take once we are connected; brokers answer metadata in milliseconds."""

TOLD_S = 0.02
"""How often it is asked whether a new topic is known; a broker at rest hears of it within milliseconds."""

RECONNECT_S = 2.0
"""Longest pause between attempts to reach a broker that is gone; the library's own, 30 s, would be felt after every restart."""

MESSAGE_BYTES_MAX = 1_048_588
"""Kafka's own default for `max.message.bytes`, where the brokers do not tell theirs."""

REMARKS_MAX = 50
"""Remarks of the library that are kept to explain a failure; one attempt to connect makes about five."""

_LONGEST = "max.message.bytes"

UNKNOWN_TOPIC = 3
UNAUTHORISED_TOPIC = 29
"""Kafka's error codes."""


class NoTopic(SourceUnavailable):
    """A topic is not there, or not ours to use."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What the brokers tell of a topic."""

    name: str
    topic_id: str
    """Unique for ever: a topic made anew under an old name has another one. Empty where the brokers are older than Kafka 2.8."""
    partitions: tuple[int, ...]
    message_bytes_max: int
    """Longest batch of records that the topic takes."""


class Remarks(logging.Handler):
    """What the library says only in its log: why it cannot connect."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: deque[str] = deque(maxlen=REMARKS_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the newest remarks."""
        self._said.append(record.getMessage())

    def why(self) -> str:
        """The most telling reason that it gave for a failed connection: tries of one and the same failure end now so, now so."""
        found = [match[1] for said in self._said if (match := _FAILED.search(said)) and not _RAN_OUT.search(match[1])]
        for telling in ("Authentication", "SSL", ""):
            reasons = [reason for reason in found if telling in reason]
            if reasons:
                return str(reasons[-1])
        return "nothing answers"


_FAILED = re.compile(r"(?:Bootstrap \S+ to \S+|Connection) failed: (?:\[Error \d+\] )?(?:\w*Error: )*(.*?)(?: \(backoff|$)")

_RAN_OUT = re.compile("timed out after|TimeoutError")
"""An attempt cut short by our own deadline says nothing of the brokers; the ones before it do."""


@contextmanager
def overheard() -> Iterator[Remarks]:
    """A block in which the library's remarks are kept; nobody else need see them on standard error."""
    remarks = Remarks()
    logger = logging.getLogger("kafka")
    logger.addHandler(remarks)
    try:
        yield remarks
    finally:
        logger.removeHandler(remarks)


@contextmanager
def opening(settings: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The settings to open one client with; should that fail, its thread and its sockets are closed, which the library leaves running."""
    made: list[KafkaNetClient] = []

    def make(**config: Any) -> KafkaNetClient:
        made.append(KafkaNetClient(**config))
        return made[-1]

    try:
        yield {**settings, "kafka_client": make}
    except BaseException:
        for client in made:
            client.close()
        raise


@contextmanager
def _administering(place: KafkaPlace, reach_s: float) -> Iterator[KafkaAdminClient]:
    with overheard() as remarks, in_our_words(place, remarks):
        with opening(client_settings(place, reach_s=reach_s)) as settings:
            admin = KafkaAdminClient(**settings)
        try:
            yield admin
        finally:
            admin.close()


def look_up(place: KafkaPlace, *, reach_s: float = REACH_S) -> Topic:
    """The topic as its brokers know it.

    Raises: SourceUnavailable.
    """
    with _administering(place, reach_s) as admin:
        return _topic(place, admin)


def create_topic(place: KafkaPlace, partitions: int, *, message_bytes_max: int | None = None, reach_s: float = REACH_S) -> None:
    """Make the topic, unless it is there, and wait until the brokers tell of it; what is not said is their default.

    Raises: SourceUnavailable.
    """
    settings = {} if message_bytes_max is None else {_LONGEST: str(message_bytes_max)}
    with _administering(place, reach_s) as admin:
        with suppress(TopicAlreadyExistsError):
            admin.create_topics({place.topic: {"num_partitions": partitions, "configs": settings}})
        # A broker may answer that a topic is made before it has heard of it itself.
        deadline = time.monotonic() + reach_s
        while not _is_told(place, admin) and time.monotonic() < deadline:
            time.sleep(TOLD_S)


def delete_topic(place: KafkaPlace, *, reach_s: float = REACH_S) -> None:
    """Delete the topic with its records, unless it is gone.

    Raises: SourceUnavailable.
    """
    with _administering(place, reach_s) as admin, suppress(UnknownTopicOrPartitionError):
        admin.delete_topics([place.topic])


def forget_groups(place: KafkaPlace, groups: Sequence[str], *, reach_s: float = REACH_S) -> None:
    """Have the brokers forget groups that nobody is a member of any more; of the others nothing is changed.

    Raises: SourceUnavailable.
    """
    with _administering(place, reach_s) as admin:
        admin.delete_groups(list(groups))


def client_settings(place: KafkaPlace, *, reach_s: float = REACH_S) -> dict[str, Any]:
    """The settings that every client of the library takes."""
    security = place.security
    settings: dict[str, Any] = {
        "bootstrap_servers": list(place.servers),
        "client_id": "resay",
        "security_protocol": security.protocol,
        "bootstrap_timeout_ms": int(reach_s * 1000),
        "request_timeout_ms": int(REQUEST_S * 1000),
        "reconnect_backoff_max_ms": int(RECONNECT_S * 1000),
    }
    return settings | _tls_settings(security) | _login_settings(security)


@contextmanager
def in_our_words(place: KafkaPlace, remarks: Remarks) -> Iterator[None]:
    """A block in which the library's errors become ours, naming the place and what may be wrong.

    Raises: SourceUnavailable.
    """
    try:
        yield
    except (KafkaConfigurationError, IllegalStateError):
        raise  # Ours to mend, not the operator's.
    except KafkaError as error:
        if isinstance(error, UnknownTopicOrPartitionError):
            raise no_topic(place) from error
        wrong = NoTopic if isinstance(error, AuthorizationError) else SourceUnavailable
        raise wrong(_sentence(place, error, remarks)) from error


def no_answer(place: KafkaPlace, remarks: Remarks) -> str:
    """The sentence for brokers that do not answer."""
    return f"brokers {','.join(place.servers)} must answer; {remarks.why()}; {_hint(place.security, remarks.why())}"


def no_topic(place: KafkaPlace) -> NoTopic:
    """The error for a topic that is not there."""
    message = (
        f"topic {place.topic!r} must be there on {','.join(place.servers)}; there is none; is its name right? "
        "(resay produce --partitions makes one)"
    )
    return NoTopic(message)


def _topic(place: KafkaPlace, admin: KafkaAdminClient) -> Topic:
    (told,) = admin.describe_topics([place.topic])
    if told["error_code"] == UNAUTHORISED_TOPIC:
        raise AuthorizationError(place.topic)
    if told["error_code"] == UNKNOWN_TOPIC or not told["partitions"]:
        raise no_topic(place)
    partitions = tuple(sorted(each["partition_index"] for each in told["partitions"]))
    return Topic(place.topic, told.get("topic_id") or "", partitions, _message_bytes_max(place, admin))


def _is_told(place: KafkaPlace, admin: KafkaAdminClient) -> bool:
    try:
        _topic(place, admin)
    except (NoTopic, UnknownTopicOrPartitionError):
        return False
    return True


def _message_bytes_max(place: KafkaPlace, admin: KafkaAdminClient) -> int:
    try:
        asked = ConfigResource(ConfigResourceType.TOPIC, place.topic, [_LONGEST])
        told = admin.describe_configs([asked], config_filter="all")["topic"][place.topic]
    except AuthorizationError:
        return MESSAGE_BYTES_MAX  # Who may write need not be allowed to look at settings.
    return int(told[_LONGEST]["value"]) if _LONGEST in told else MESSAGE_BYTES_MAX


def _tls_settings(security: KafkaSecurity) -> dict[str, Any]:
    files = {"ssl_cafile": security.ca_file, "ssl_certfile": security.certificate_file, "ssl_keyfile": security.key_file}
    settings: dict[str, Any] = {name: str(path) for name, path in files.items() if path is not None}
    if security.key_password:
        settings["ssl_password"] = security.key_password
    return settings | {"ssl_check_hostname": security.check_hostname}


def _login_settings(security: KafkaSecurity) -> dict[str, Any]:
    if not security.protocol.startswith("SASL"):
        return {}
    if security.token_file is not None and security.mechanism == "OAUTHBEARER":
        return {"sasl_mechanism": security.mechanism, "sasl_oauth_token_provider": _TokenFile(security.token_file)}
    return {"sasl_mechanism": security.mechanism, "sasl_plain_username": security.username, "sasl_plain_password": security.password}


class _TokenFile(AbstractTokenProvider):  # type: ignore[misc] # The library has no types; it asks for this very class.
    """A token that another process writes and renews."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def token(self) -> str:
        """The token as it is now."""
        return self._path.read_text().strip()


def _sentence(place: KafkaPlace, error: KafkaError, remarks: Remarks) -> str:
    if isinstance(error, AuthorizationError):
        return f"{place} must be ours to use; the brokers refuse it ({error}); has the login been granted the topic and the group?"
    if isinstance(error, MessageSizeTooLargeError):
        return f"records of {place} must fit into what its brokers take; {error}; is max.message.bytes of the topic too small?"
    if isinstance(error, UnsupportedCodecError):
        return f"{place} must be unpacked to be read; {error}; is the extra installed whole (pip install 'resay[kafka]')?"
    if isinstance(error, CorruptRecordError):
        return f"{place} must be whole; {error}; is a disk of its brokers, or the network, damaging data?"
    if isinstance(error, KafkaTimeoutError):
        return no_answer(place, remarks)
    return f"{place} must be usable; {error}; what do the logs of its brokers say?"


def _hint(security: KafkaSecurity, why: str) -> str:
    if "CERTIFICATE" in why:
        return "is the right ssl.ca.location given?"
    if "SSL" in why:
        return "does this port speak TLS at all (security.protocol)?"
    if ("Authentication" in why or "disconnected" in why) and security.protocol.startswith("SASL"):
        return "are user name, password and sasl.mechanism right?"
    # What TLS answers to whoever does not speak it is read as the length of a frame.
    if "disconnected" in why or "Invalid frame length" in why:
        return "does this port want a login or TLS (security.protocol in --kafka-settings)?"
    return "are host and port right, and does Kafka run there?"
