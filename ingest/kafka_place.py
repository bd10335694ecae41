"""Where a topic is, and how its brokers want to be spoken to: `kafka://host:port/topic` and a file of security settings.

Knows the names of the settings; knows nothing of the library that speaks to brokers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.source import SourceUnavailable

SCHEME = "kafka://"

PORT = 9092
"""Kafka's customary port."""

TOPIC_CHARS_MAX = 249
"""Kafka's own limit."""

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How to speak to the brokers; secrets are kept out of `repr`."""

    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    token_file: Path | None = None
    """Where OAUTHBEARER finds its token; read anew at each connection, so that it may be renewed."""
    ca_file: Path | None = None
    """Certificates that are trusted, PEM; those of the system where none are given."""
    certificate_file: Path | None = None
    """Our own certificate, PEM, where the brokers ask for one."""
    key_file: Path | None = None
    key_password: str = field(default="", repr=False)
    check_hostname: bool = True


@dataclass(frozen=True, slots=True)
class KafkaPlace:
    """A topic and the brokers to ask for it."""

    servers: tuple[str, ...]
    """`host:port`; any of them may answer for all."""
    topic: str
    security: KafkaSecurity = KafkaSecurity()

    def __str__(self) -> str:
        return f"{SCHEME}{','.join(self.servers)}/{self.topic}"


_TOPIC = re.compile(rf"(?!\.{{1,2}}$)[A-Za-z0-9._-]{{1,{TOPIC_CHARS_MAX}}}")


def read_place(address: str, security: KafkaSecurity | None = None) -> KafkaPlace:
    """The place that `kafka://host:port[,host:port]/topic` names.

    Raises: SourceUnavailable.
    """
    rest = address.removeprefix(SCHEME)
    named, slash, topic = rest.partition("/")
    servers = tuple(_with_port(each) for each in named.split(",") if each)
    if not address.startswith(SCHEME) or not servers or not slash or not _TOPIC.fullmatch(topic) or not all(servers):
        message = f"source must be written {SCHEME}host:port[,host:port]/topic; got {address[:200]!r}; is the topic missing?"
        raise SourceUnavailable(message)
    return KafkaPlace(servers, topic, security or KafkaSecurity())


def read_security(path: Path) -> KafkaSecurity:
    """The security settings that a properties file holds, under the names of Kafka's own clients or of librdkafka.

    Settings that have nothing to do with security are passed over, so that a file that others use will do.

    Raises: SourceUnavailable, with all that is wrong.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        message = f"settings {path} must be a readable file of properties; {error}; is the path right?"
        raise SourceUnavailable(message) from error
    properties = dict(_properties(text))
    faults = _faults(properties)
    if faults:
        raise SourceUnavailable(f"settings {path}: " + "; and ".join(faults))
    return _security(properties)


def _security(properties: Mapping[str, str]) -> KafkaSecurity:
    login = dict(re.findall(r'(\w+)="([^"]*)"', properties.get("sasl.jaas.config", "")))
    return KafkaSecurity(
        protocol=properties.get("security.protocol", "PLAINTEXT").upper(),
        mechanism=properties.get("sasl.mechanism", "").upper(),
        username=properties.get("sasl.username", login.get("username", "")),
        password=properties.get("sasl.password", login.get("password", "")),
        token_file=_path(properties.get("sasl.oauthbearer.token.endpoint.url", "").removeprefix("file://")),
        ca_file=_path(properties.get("ssl.ca.location", "")),
        certificate_file=_path(properties.get("ssl.certificate.location", "")),
        key_file=_path(properties.get("ssl.key.location", "")),
        key_password=properties.get("ssl.key.password", ""),
        check_hostname=properties.get("ssl.endpoint.identification.algorithm", "https").lower() == "https",
    )


_OTHER_NAMES = {
    "sasl.mechanisms": "sasl.mechanism",
    "ssl.truststore.location": "ssl.ca.location",
    "ssl.keystore.location": "ssl.certificate.location",
}
"""Names that say the same in another client."""

_KNOWN = frozenset(
    {
        *("security.protocol", "sasl.mechanism", "sasl.username", "sasl.password", "sasl.jaas.config"),
        *("sasl.oauthbearer.token.endpoint.url", "sasl.login.callback.handler.class"),
        *("ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password"),
        *("ssl.truststore.type", "ssl.keystore.type", "ssl.endpoint.identification.algorithm"),
    }
)

_FILES = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "sasl.oauthbearer.token.endpoint.url")


def _properties(text: str) -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", text)
    lines = [line.strip() for line in joined.splitlines()]
    pairs = [re.split(r"\s*[=:]\s*", line, maxsplit=1) for line in lines if line and line[0] not in "#!"]
    return [(_OTHER_NAMES.get(pair[0], pair[0]), pair[1] if len(pair) > 1 else "") for pair in pairs]


def _faults(properties: Mapping[str, str]) -> list[str]:
    faults = [
        f"{name} is not known here; known are {', '.join(sorted(_KNOWN))}"
        for name in properties
        if name.startswith(("security.", "sasl.", "ssl.")) and name not in _KNOWN
    ]
    security = _security(properties)
    if security.protocol not in PROTOCOLS:
        faults.append(f"security.protocol must be one of {', '.join(PROTOCOLS)}; got {security.protocol!r}")
    if security.protocol.startswith("SASL"):
        faults += _faults_of_login(security)
    for name in _FILES:
        path = _path(properties.get(name, "").removeprefix("file://"))
        if path is not None and not path.is_file():
            faults.append(f"{name} must be a file; {path} is none; is it a path on another machine?")
    for name in ("ssl.truststore.type", "ssl.keystore.type"):
        if properties.get(name, "PEM").upper() != "PEM":
            faults.append(f"{name} must be PEM; got {properties[name]!r}; was it made for Java? Then export it as PEM")
    return faults


def _faults_of_login(security: KafkaSecurity) -> list[str]:
    if security.mechanism not in MECHANISMS:
        return [f"sasl.mechanism must be one of {', '.join(MECHANISMS)}; got {security.mechanism!r}"]
    if security.mechanism == "OAUTHBEARER":
        return [] if security.token_file else ["sasl.oauthbearer.token.endpoint.url must name a file (file:///…) that holds the token"]
    if not (security.username and security.password):
        return ["sasl.username and sasl.password (or sasl.jaas.config) must be given for this mechanism"]
    return []


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _with_port(server: str) -> str:
    """A server with its port; empty where it is none."""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/@]+)(?::(\d{1,5}))?", server)
    return f"{found[1]}:{found[2] or PORT}" if found else ""


def with_topic(place: KafkaPlace, topic: str) -> KafkaPlace:
    """Another topic of the same brokers.

    Raises: SourceUnavailable.
    """
    if not _TOPIC.fullmatch(topic):
        message = (
            f"topic must be 1 to {TOPIC_CHARS_MAX} letters, digits, dots, dashes and underscores; got {topic[:300]!r}; is it misspelt?"
        )
        raise SourceUnavailable(message)
    return replace(place, topic=topic)
