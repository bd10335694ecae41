"""Addresses of topics and files of security settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.kafka_place import KafkaSecurity, read_place, read_security
from ingest.source import SourceUnavailable


def test_an_address_names_brokers_and_topic():
    """Several brokers may be named; the port is Kafka's own where none is given."""
    place = read_place("kafka://one:9093,two,[::1]:9094/dialogue-turns")

    assert place.servers == ("one:9093", "two:9092", "[::1]:9094")
    assert place.topic == "dialogue-turns"
    assert str(place) == "kafka://one:9093,two:9092,[::1]:9094/dialogue-turns"


@pytest.mark.parametrize(
    "address",
    [
        "kafka://one:9092",
        "kafka:///turns",
        "kafka://one:9092/",
        "one:9092/turns",
        "kafka://one:x/turns",
        "kafka://one/a b",
        "kafka://one/..",
    ],
)
def test_a_wrong_address_is_said(address: str):
    """What is missing is said with the form that is wanted."""
    with pytest.raises(SourceUnavailable, match=r"must be written kafka://host:port\[,host:port\]/topic; got"):
        read_place(address)


def test_settings_of_kafkas_own_clients_are_read(tmp_path: Path):
    """A Java client's properties, its login line included, will do; settings about other things are passed over."""
    (tmp_path / "ca.pem").write_text("certificate")
    path = tmp_path / "client.properties"
    path.write_text(
        "# ours\nsecurity.protocol = SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\nclient.id=x\n"
        "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\\n"
        '    username="resay" password="a b=c";\n'
        f"ssl.truststore.type=PEM\nssl.truststore.location={tmp_path}/ca.pem\nssl.endpoint.identification.algorithm=\n"
    )

    security = read_security(path)

    assert security == KafkaSecurity("SASL_SSL", "SCRAM-SHA-512", "resay", "a b=c", ca_file=tmp_path / "ca.pem", check_hostname=False)
    assert "a b=c" not in repr(security)


def test_settings_of_librdkafka_are_read(tmp_path: Path):
    """The names of the other great family of clients will do."""
    path = tmp_path / "client.properties"
    path.write_text("security.protocol=sasl_plaintext\nsasl.mechanisms=PLAIN\nsasl.username=u\nsasl.password=p\n")

    assert read_security(path) == KafkaSecurity("SASL_PLAINTEXT", "PLAIN", "u", "p")


def test_all_faults_of_settings_are_said_at_once(tmp_path: Path):
    """Everything that is wrong is gathered, so that one correction is enough."""
    path = tmp_path / "client.properties"
    path.write_text("security.protocol=SASL\nsasl.mechanism=GSSAPI\nssl.ca.location=/nowhere\nssl.truststore.type=JKS\nssl.colour=blue\n")

    with pytest.raises(SourceUnavailable) as said:
        read_security(path)

    for fault in ("security.protocol must be one of", "sasl.mechanism must be one of", "/nowhere is none", "must be PEM", "ssl.colour"):
        assert fault in str(said.value)


def test_a_login_without_a_password_is_said(tmp_path: Path):
    """A mechanism that needs a password asks for it."""
    path = tmp_path / "client.properties"
    path.write_text("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nsasl.username=u\n")

    with pytest.raises(SourceUnavailable, match=r"sasl\.username and sasl\.password"):
        read_security(path)


def test_missing_settings_are_said(tmp_path: Path):
    """A file that is not there is named."""
    with pytest.raises(SourceUnavailable, match="must be a readable file"):
        read_security(tmp_path / "none")
