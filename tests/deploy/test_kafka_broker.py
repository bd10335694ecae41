"""The broker that `make kafka` starts: it runs, it comes back, and it says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.kafka.broker import Broker, BrokerTrouble, find_java, resolve_jars


@pytest.mark.kafka
def test_a_broker_comes_back_where_it_was(own_broker: Broker):
    """Stopped and started again, it answers at the same address."""
    before = own_broker.address

    own_broker.stop()
    stopped = own_broker.running
    own_broker.start()

    assert not stopped
    assert own_broker.running
    assert own_broker.address == before


@pytest.mark.kafka
def test_a_taken_port_is_said(tmp_path: Path, broker: str):
    """Where something listens already, the error names the port and what to try."""
    port = int(broker.rpartition(":")[2])

    with pytest.raises(BrokerTrouble, match=f"port {port} must be free .* --port"):
        Broker(tmp_path, port=port).start()


def test_a_missing_java_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without Java the error says which version to install."""
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(BrokerTrouble, match="Java 17 or newer must be installed"):
        find_java()


def test_an_old_java_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A Java that is too old is named with its version."""
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(BrokerTrouble, match=r'must be 17 or newer.* is version "11'):
        find_java()


def test_a_missing_maven_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Without Maven, and with no jars kept from before, the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BrokerTrouble, match="Maven must be installed"):
        resolve_jars(tmp_path)


def test_a_failing_maven_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What Maven says of its failure stands in ours, and no half-filled folder stays."""
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] Could not resolve host'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(BrokerTrouble, match="Could not resolve host"):
        resolve_jars(tmp_path / "cache")

    assert list(tmp_path.glob("cache/*")) == []
