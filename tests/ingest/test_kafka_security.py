"""TLS and logins, on a real broker that asks for them."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from deploy.kafka.broker import Broker, find_ports
from ingest.kafka_cluster import Topic, look_up
from ingest.kafka_place import read_place, read_security
from ingest.source import SourceUnavailable

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.slow,
    pytest.mark.usefixtures("left_open"),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

LOGIN = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="a" user_admin="a" user_reader="secret";'
)


SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
TOKEN = 'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";'
"""The broker's own module for tokens without a signature, which Kafka has for trials."""

LOGINS = {"plain": LOGIN, "scram-sha-256": SCRAM, "scram-sha-512": SCRAM, "oauthbearer": TOKEN}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and a broker's certificate, signed by it, for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("tls")
    request = "req -newkey rsa:2048 -nodes -subj /CN="
    for command in (
        f"{request}authority -x509 -days 2 -keyout ca.key -out ca.pem",
        f"{request}localhost -keyout broker.key -out broker.csr",
        "x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out broker.pem",
    ):
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1")
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    (folder / "keystore.pem").write_bytes((folder / "broker.key").read_bytes() + (folder / "broker.pem").read_bytes())
    return folder


@pytest.fixture(scope="module")
def guarded(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A broker with an open door, one with a login, one with TLS, and one with both; the topic `turns` is there."""
    ports = find_ports(5)
    doors = dict(zip(("OPEN", "LOGIN", "TLS", "BOTH"), ports, strict=False))
    listeners = ",".join(f"{door}://127.0.0.1:{port}" for door, port in doors.items())
    extra = (
        f"listeners={listeners},CONTROLLER://127.0.0.1:{ports[4]}\nadvertised.listeners={listeners}\n"
        f"controller.quorum.voters=1@127.0.0.1:{ports[4]}\ninter.broker.listener.name=OPEN\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,OPEN:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,BOTH:SASL_SSL\n"
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER\n"
        + "".join(f"listener.name.{door}.{name}.sasl.jaas.config={each}\n" for door in ("login", "both") for name, each in LOGINS.items())
        + f"ssl.keystore.type=PEM\nssl.keystore.location={certificates}/keystore.pem\n"
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\nsuper.users=User:ANONYMOUS;User:admin\n"
    )
    broker = Broker(tmp_path_factory.mktemp("kafka"), extra=extra, brief=True)
    broker.start()
    admin = KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{doors['OPEN']}")
    admin.create_topics({"turns": {"num_partitions": 2}})
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        admin.alter_user_scram_credentials([UserScramCredentialUpsertion("admin", mechanism, "b c=d")])
    admin.close()
    yield {door: f"kafka://127.0.0.1:{port}/turns" for door, port in doors.items()}
    broker.kill()


@pytest.mark.parametrize(
    ("door", "settings"),
    [
        ("OPEN", ""),
        ("LOGIN", "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.username=admin\nsasl.password=a"),
        ("TLS", "security.protocol=SSL\nssl.ca.location={ca}"),
        ("LOGIN", "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.username=admin\nsasl.password=b c=d"),
        ("LOGIN", "security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=SCRAM-SHA-512\nsasl.username=admin\nsasl.password=b c=d"),
        (
            "BOTH",
            "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nssl.ca.location={ca}\nsasl.username=admin\nsasl.password=b c=d",
        ),
        ("BOTH", f"security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nssl.truststore.location={{ca}}\nsasl.jaas.config={LOGIN}"),
    ],
)
def test_the_right_settings_open_the_door(guarded: dict[str, str], certificates: Path, tmp_path: Path, door: str, settings: str):
    """With what the broker asks for, the topic is found."""
    topic = _look_up(guarded[door], settings.replace("{ca}", f"{certificates}/ca.pem"), tmp_path)

    assert topic.partitions == (0, 1)


def test_a_token_opens_the_door_while_it_is_good(guarded: dict[str, str], tmp_path: Path):
    """OAUTHBEARER takes its token from a file, anew at each connection: one that has run out is refused, and the next one is taken."""
    token = tmp_path / "token"
    settings = f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.token.endpoint.url=file://{token}"

    token.write_text(_token("admin", lasts_s=-60))
    with pytest.raises(SourceUnavailable, match="must answer"):
        _look_up(guarded["LOGIN"], settings, tmp_path)
    token.write_text(_token("admin", lasts_s=600) + "\n")
    topic = _look_up(guarded["LOGIN"], settings, tmp_path)
    token.write_text(_token("stranger", lasts_s=600))
    with pytest.raises(SourceUnavailable, match="must be ours to use"):
        _look_up(guarded["LOGIN"], settings, tmp_path)

    assert topic.partitions == (0, 1)


PLAIN = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"


@pytest.mark.parametrize(
    ("door", "settings", "sentence"),
    [
        (
            "LOGIN",
            f"{PLAIN}sasl.username=admin\nsasl.password=b",
            "are user name, password",
        ),
        (
            "LOGIN",
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=admin\nsasl.password=secret",
            "are user name, password",
        ),
        (
            "LOGIN",
            f"{PLAIN}sasl.username=reader\nsasl.password=secret",
            "must be ours to use",
        ),
        ("LOGIN", "", "does this port want a login or TLS"),
        ("TLS", "", "does this port want a login or TLS"),
        ("TLS", "security.protocol=SSL", "is the right ssl.ca.location given"),
        ("OPEN", "security.protocol=SSL\nssl.ca.location={ca}", "does this port speak TLS at all"),
    ],
)
def test_a_closed_door_is_said(guarded: dict[str, str], certificates: Path, tmp_path: Path, door: str, settings: str, sentence: str):
    """What was refused, and what may be wrong, is one sentence; passwords are not in it."""
    with pytest.raises(SourceUnavailable, match=re.escape(sentence)) as said:
        _look_up(guarded[door], settings.replace("{ca}", f"{certificates}/ca.pem"), tmp_path)

    assert "secret" not in str(said.value)


def _look_up(address: str, settings: str, folder: Path) -> Topic:
    path = folder / "client.properties"
    path.write_text(settings)
    return look_up(read_place(address, read_security(path)), reach_s=4)


def _token(subject: str, *, lasts_s: int) -> str:
    """A token without a signature (RFC 7515, "alg": "none")."""
    claims = {"sub": subject, "iat": time.time() - 120, "exp": time.time() + lasts_s}
    parts = (json.dumps(each).encode() for each in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
