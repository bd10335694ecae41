"""A real Kafka broker of one node, for people who have none and for the tests: `make kafka`.

Knows Maven, Java and the files of a broker; needs nothing but Python's standard library. It listens on loopback and has no
security of its own: it is for a developer's machine, not for production.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
CACHE = HERE.parent.parent / ".kafka"
"""Where jars, data and logs are kept between runs; git ignores it."""

PORT = 9092
"""Kafka's customary port."""

JAVA_MIN = 17
"""Kafka 4 brokers need Java 17."""

RESOLVE_S = 300
"""How long Maven may take; resolving 43 MB of jars takes under ten seconds where they are near."""

START_S = 60
"""How long a broker may take to start; two seconds were measured, and a busy machine is slower."""

STOP_S = 20
"""How long a broker may take to stop cleanly before it is killed."""

WATCH_S = 0.5
"""How often it is looked whether the broker, and the process that it runs for, are still there."""

HEAP_MB = 256
"""Enough for tens of MB/s through one node; the default would be 1 GB."""

PORT_TRIES_MAX = 5
"""Free ports are found before the broker takes them, so another process may be first."""

_SERVER = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
# One node: nothing can be replicated.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# A topic that nobody made is a mistyped name.
auto.create.topics.enable=false
num.partitions=4
# Groups form at once; members may time out within seconds, so that tests can watch it.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
{extra}"""

LITTLE_COMPILING = "-XX:TieredStopAtLevel=1"
"""For what runs shortly: Java compiles quickly, and not well."""

_STARTED = "Kafka Server started"
_LOGGING = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info")
"""Warnings, and the one line of `KafkaRaftServer` that says that it is up."""


class BrokerTrouble(Exception):
    """The broker cannot run here; the text is one sentence that says what must change."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the broker listens on loopback."""

    port: int
    controller: int


class Broker:
    """One broker and its data under one folder; stopped and started again it has the same address and the same records."""

    def __init__(self, folder: Path, *, port: int | None = None, cache: Path = CACHE, extra: str = "", brief: bool = False) -> None:
        """A broker that is not yet running; without `port` a free one is found. `extra` is appended to its properties.

        A `brief` one starts with 2 s of CPU less, and would be slower for who works with it for long.
        """
        self._folder = folder.resolve()
        self._cache = cache
        self._wanted = port
        self._extra = extra
        self._compiling = (LITTLE_COMPILING,) if brief else ()
        self._ports: Ports | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`host:port`, for clients.

        The first start decides the port.
        """
        assert self._ports is not None, "a broker must have been started once to have an address"
        return f"127.0.0.1:{self._ports.port}"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self._folder / "broker.log"

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, or start again, and wait until clients are answered.

        Raises: BrokerTrouble.
        """
        assert not self.running, "a broker must be stopped before it is started"
        java = find_java()
        jars = resolve_jars(self._cache)
        self._folder.mkdir(parents=True, exist_ok=True)
        for _ in range(PORT_TRIES_MAX):
            ports = self._ports or _choose_ports(self._wanted)
            if self._launch(java, jars, ports):
                self._ports = ports
                return
        message = f"a broker must find a free port; {PORT_TRIES_MAX} were taken by others; is something opening ports quickly?"
        raise BrokerTrouble(message)

    def stop(self) -> None:
        """End cleanly; what was acknowledged is kept."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End as a power cut would end it (`kill -9`)."""
        self._end(signal.SIGKILL)

    def wait(self, timeout_s: float) -> bool:
        """Whether the broker has ended by itself within that time."""
        assert self._process is not None, "a broker must have been started to be waited for"
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _launch(self, java: str, jars: Path, ports: Ports) -> bool:
        """Whether the broker is up; False when its port was taken meanwhile and another may be tried."""
        properties = self._folder / "server.properties"
        text = _SERVER.format(port=ports.port, controller=ports.controller, data=self._folder / "data", extra=self._extra)
        properties.write_text(text)
        self._format([java, LITTLE_COMPILING, "-cp", f"{jars}/*", "kafka.tools.StorageTool"], properties)
        offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    java,
                    f"-Xmx{HEAP_MB}m",
                    "-XX:+UseSerialGC",
                    *self._compiling,
                    *_LOGGING,
                    "-cp",
                    f"{jars}/*",
                    "kafka.Kafka",
                    str(properties),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the terminal reaches us alone, and we end the broker.
            )
        return self._is_up(offset)

    def _is_up(self, offset: int) -> bool:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            said = self.log.read_bytes()[offset:].decode(errors="replace")
            if _STARTED in said:
                return True
            if not self.running:
                if "Address already in use" in said and self._ports is None and self._wanted is None:
                    return False
                message = f"broker must start in {self._folder}; it ended: {_reason(said)}; what does {self.log} say?"
                raise BrokerTrouble(message)
            time.sleep(0.05)
        self.kill()
        message = f"broker must start within {START_S} s; it did not; what does {self.log} say?"
        raise BrokerTrouble(message)

    def _format(self, command: list[str], properties: Path) -> None:
        if (self._folder / "data" / "meta.properties").exists():
            return
        cluster = hashlib.sha256(os.urandom(16)).hexdigest()[:22]
        ran = subprocess.run(
            [*command, "format", "-t", cluster, "-c", str(properties)], capture_output=True, text=True, check=False, timeout=START_S
        )
        if ran.returncode != 0:
            message = f"storage of the broker must be formatted in {self._folder}; {_reason(ran.stdout + ran.stderr)}; is the folder yours?"
            raise BrokerTrouble(message)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(how)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None


def resolve_jars(cache: Path = CACHE) -> Path:
    """The folder of the broker's jars, resolved by Maven unless they are there already.

    Raises: BrokerTrouble.
    """
    jars = cache / f"jars-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if jars.exists():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        message = "Maven must be installed to resolve Kafka's jars; no `mvn` is on the path; try your system's package `maven`?"
        raise BrokerTrouble(message)
    draft = cache / f"{jars.name}.{os.getpid()}"
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={draft}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RESOLVE_S)
    except subprocess.TimeoutExpired:
        message = f"Maven must resolve Kafka's jars within {RESOLVE_S} s; it did not; is its repository reachable?"
        raise BrokerTrouble(message) from None
    if ran.returncode != 0:
        message = f"Maven must resolve Kafka's jars; {_reason(ran.stdout + ran.stderr)}; is its repository reachable?"
        raise BrokerTrouble(message)
    with suppress(OSError):  # Another process resolved them first; they are the same.
        draft.rename(jars)
    shutil.rmtree(draft, ignore_errors=True)
    return jars


def find_java() -> str:
    """A Java that can run the broker.

    Raises: BrokerTrouble.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or shutil.which(java) is None:
        message = f"Java {JAVA_MIN} or newer must be installed to run Kafka; found none; try your system's package `default-jre-headless`?"
        raise BrokerTrouble(message)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None or int(found[1]) < JAVA_MIN:
        version = found[0] if found else said.strip()[:80]
        message = f"Java must be {JAVA_MIN} or newer to run Kafka; {java} is {version}; is a newer one installed beside it (JAVA_HOME)?"
        raise BrokerTrouble(message)
    return java


def find_ports(number: int) -> list[int]:
    """Ports on loopback that are free now."""
    with ExitStack() as stack:
        probes = [stack.enter_context(closing(socket.socket())) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _choose_ports(wanted: int | None) -> Ports:
    if wanted is not None and not _is_free(wanted):
        message = f"port {wanted} must be free for the broker; it is taken; does one run already, or try --port?"
        raise BrokerTrouble(message)
    first, second = find_ports(2)
    return Ports(wanted or first, second)


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _reason(said: str) -> str:
    """The line of a program's output that most likely says why it failed."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.strip().startswith("at ")]
    telling = [line for line in lines if re.search(r"ERROR|Exception|Caused by", line)]
    return (telling or lines or ["it said nothing"])[0][:300]


def main() -> int:
    """Run one broker until Ctrl-C, SIGTERM, or until the process named by `--while-pid` is gone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT, help=f"port on loopback; 0 finds a free one [default: {PORT}]")
    parser.add_argument("--folder", type=Path, default=CACHE / "broker", help="where its data is kept [default: .kafka/broker]")
    parser.add_argument("--while-pid", type=int, help="end when this process is gone")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    broker = Broker(arguments.folder, port=arguments.port or None)
    try:
        _remark("resolving jars and starting …")
        broker.start()
        sys.stdout.write(f"{broker.address}\n")
        sys.stdout.flush()
        _remark(f"runs; data in {arguments.folder}; Ctrl-C stops it")
        while _lives(arguments.while_pid):
            if broker.wait(WATCH_S):
                _remark(f"ended by itself; what does {broker.log} say?")
                return 1
    except BrokerTrouble as trouble:
        _remark(str(trouble))
        return 1
    except KeyboardInterrupt:
        pass
    finally:
        broker.stop()
    return 0


def _lives(pid: int | None) -> bool:
    """Whether the process is there; no process named means for ever."""
    if pid is None:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remark(text: str) -> None:
    sys.stderr.write(f"kafka: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
