"""The shape of the code, counted: CONVENTIONS say how long a function and a file may be."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("resay", "ingest", "rephrase", "markov", "rewrite_online", "failure_point", "serving")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
PARAMETERS_MAX = 5
POSITIONAL_MAX = 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_keeps_its_shape(path: Path):
    """No file and no function is too long, and a call says what its arguments are."""
    source = path.read_text()
    tree = ast.parse(source)

    faults = [*_too_long(tree), *_too_many_parameters(tree, commands="commands" in path.parts)]

    assert len(source.splitlines()) <= FILE_LINES_MAX
    assert ast.get_docstring(tree), "every module says what it knows"
    assert faults == []


def test_most_functions_are_short():
    """At least three quarters of all functions have twenty lines or fewer."""
    lengths = [_lines(function) for path in FILES for function in _functions(ast.parse(path.read_text()))]

    assert sum(length <= 20 for length in lengths) / len(lengths) >= 0.75


def test_nothing_else_stands_at_the_top():
    """The tree is the one of CONVENTIONS: what you see is what you import."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    if not any(tracked):
        pytest.skip("not a git checkout")

    folders = {name.split("/")[0] for name in tracked if "/" in name}

    assert folders <= {*PACKAGES, "tests", "docs", "benchmarks", "models", "deploy", ".ci"}


def test_no_drawer_for_everything():
    """There is no `utils`, `common`, `core`, `helpers` or `manager`."""
    assert not {path.stem for path in FILES} & {"utils", "common", "core", "helpers", "manager", "misc"}


def _too_long(tree: ast.Module) -> Iterator[str]:
    for function in _functions(tree):
        if _lines(function) > FUNCTION_LINES_MAX:
            yield f"{function.name} has {_lines(function)} lines"


def _too_many_parameters(tree: ast.Module, *, commands: bool) -> Iterator[str]:
    if commands:
        return  # An option of the command line is a parameter.
    for function in _functions(tree):
        names = [each.arg for each in (*function.args.posonlyargs, *function.args.args) if each.arg not in {"self", "cls"}]
        if len(names) + len(function.args.kwonlyargs) > PARAMETERS_MAX + 1:
            yield f"{function.name} has too many parameters"
        if len(names) > POSITIONAL_MAX + 1:
            yield f"{function.name} takes {len(names)} parameters without names"


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its docstring apart."""
    first = function.body[0]
    doc = ast.get_docstring(function, clean=False)
    documented = (first.end_lineno or 0) - first.lineno + 1 if doc is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented
