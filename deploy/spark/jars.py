"""The jars by which Spark reads the lake, resolved by Maven: `make spark` prints the folder.

Knows Maven and what stands in `pom.xml`; needs nothing but Python's standard library. Spark itself and Java are not its affair.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
CACHE = HERE.parent.parent / ".spark"
"""Where jars are kept between runs; git ignores it."""

RESOLVE_S = 600
"""How long Maven may take: 8 MB of jars, and Maven's own plug-ins where it has never run; three minutes were seen on a slow network."""


class JarsMissing(Exception):
    """The jars cannot be resolved here; the text is one sentence that says what must change."""


def resolve_jars(cache: Path = CACHE) -> Path:
    """The folder of the jars, resolved by Maven unless they are there already.

    Raises: JarsMissing.
    """
    jars = cache / f"jars-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if jars.exists():
        return jars
    maven = shutil.which("mvn")
    if maven is None:
        message = "Maven must be installed to resolve Spark's jars; no `mvn` is on the path; try your system's package `maven`?"
        raise JarsMissing(message)
    draft = cache / f"{jars.name}.{os.getpid()}"
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={draft}"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RESOLVE_S)
    except subprocess.TimeoutExpired:
        message = f"Maven must resolve Spark's jars within {RESOLVE_S} s; it did not; is its repository reachable?"
        raise JarsMissing(message) from None
    if ran.returncode != 0:
        said = next((line for line in (ran.stdout + ran.stderr).splitlines() if "ERROR" in line), "it said nothing")
        message = f"Maven must resolve Spark's jars; {said[:300]}; is its repository reachable?"
        raise JarsMissing(message)
    with suppress(OSError):  # Another process resolved them first; they are the same.
        draft.rename(jars)
    shutil.rmtree(draft, ignore_errors=True)
    return jars


def main() -> int:
    """Print the folder of the jars."""
    try:
        sys.stdout.write(f"{resolve_jars()}\n")
    except JarsMissing as missing:
        sys.stderr.write(f"spark: {missing}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
