# ruff: noqa: T201 - it is run by hand, and printing is what it is for.
"""Faults planted in a module one by one, and which of them its tests do not notice.

Comparisons and words of logic are turned round, numbers moved by one, conditions, yields and parts of sums left out. A fault that
changes nothing at all cannot be noticed: survivors are to be read, not counted.

Run: `python -m benchmarks.mutants markov.verify tests/markov/test_checker.py tests/markov/test_verify.py` and further files of tests
(some minutes; numbers plant just those faults). The quick files should come first, as the first failing test ends a run. It ends with 1 if
any survives.
"""

from __future__ import annotations

import ast
import copy
import importlib
import os
import signal
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

AT_ONCE = 2
KILLED_S = 300
"""A fault that makes tests hang is noticed too."""

OTHERS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
TWINS = {"any": "all", "all": "any", "min": "max", "max": "min"}
SUMS: dict[type[ast.operator], type[ast.operator]] = {ast.Mult: ast.Add, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mod: ast.Mult}


def main() -> int:
    """Plant each fault, run the tests, and tell which faults they let pass."""
    name, tests = sys.argv[1], [each for each in sys.argv[2:] if not each.isdigit()]
    asked = {int(each) for each in sys.argv[2:] if each.isdigit()}
    module = importlib.import_module(name)
    tree = ast.parse(Path(str(module.__file__)).read_text())
    planted = [Fault(number, *fault) for number, fault in enumerate(faults_in(tree), start=1) if not asked or number in asked]
    loop = Loop(module, planted)
    print(f"{name}: {len(planted)} faults; tests: {', '.join(tests)}", flush=True)
    quiet = ["-q", "-p", "no:cacheprovider", "--no-header"]
    if pytest.main([*quiet, *tests], plugins=[loop]) or not loop.is_sound:
        print("the tests must be found, and pass without a fault")
        return 2
    print(f"{len(planted) - len(loop.survivors)} of {len(planted)} noticed")
    return bool(loop.survivors)


@dataclass(frozen=True, slots=True)
class Fault:
    """One change of a module."""

    number: int
    tree: ast.Module
    line: int
    what: str


@dataclass(slots=True)
class Loop:
    """Runs the tests that were found once for every fault, each time in a process that is forked for it and ends with it."""

    module: types.ModuleType
    faults: Sequence[Fault]
    survivors: list[int] = field(default_factory=list)
    is_sound: bool = False

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of one run of all tests."""
        self.is_sound = os.waitpid(self._forked(session, None), 0)[1] == 0
        running: dict[int, Fault] = {}
        for fault in self.faults if self.is_sound else ():
            if len(running) == AT_ONCE:
                self._await(running)
            running[self._forked(session, fault)] = fault
        while running:
            self._await(running)
        return True

    def _await(self, running: dict[int, Fault]) -> None:
        child, status = os.wait()
        fault = running.pop(child)
        if status == 0:
            self.survivors.append(fault.number)
            print(f"  {fault.number} survives: line {fault.line}: {fault.what}", flush=True)

    def _forked(self, session: pytest.Session, fault: Fault | None) -> int:
        child = os.fork()
        if child:
            return child
        signal.alarm(KILLED_S)
        try:
            if fault:
                plant(self.module, fault)
            os._exit(any(report.failed for item in session.items for report in runtestprotocol(item, log=False)))
        except BaseException:
            os._exit(1)


def plant(module: types.ModuleType, fault: Fault) -> None:
    """Put what a changed module says in place of what it said, wherever it was imported to by its name."""
    told = dict(vars(module))
    changed = types.ModuleType(module.__name__)
    vars(changed).update(__file__=module.__file__, __package__=module.__package__)
    sys.modules[module.__name__] = changed
    exec(compile(fault.tree, str(module.__file__), "exec"), vars(changed))
    for each in list(sys.modules.values()):
        for name, value in list(vars(each).items()):
            if getattr(value, "__module__", None) == module.__name__ and told.get(name) is value:
                setattr(each, name, vars(changed)[name])


def faults_in(tree: ast.Module) -> Iterator[tuple[ast.Module, int, str]]:
    """The module with one fault each, with the line, and in words what was changed."""
    for number, node in enumerate(ast.walk(tree)):
        for place, (kind, _) in enumerate(_changes(node)):
            changed = copy.deepcopy(tree)
            twin = next(each for at, each in enumerate(ast.walk(changed)) if at == number)
            _, change = list(_changes(twin))[place]
            change()
            yield ast.fix_missing_locations(changed), getattr(node, "lineno", 0), f"{kind}: {_told(node)}"


def _told(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:110]


def _changes(node: ast.AST) -> Iterator[tuple[str, types.FunctionType]]:
    """What can be changed at a node, and how."""
    yield from (*_of_logic(node), *_of_numbers(node), *_of_parts(node))  # type: ignore[misc]


def _of_logic(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            for other in OTHERS.get(type(operator), ()):
                yield f"{other.__name__}", lambda place=place, other=other: node.ops.__setitem__(place, other())
    if isinstance(node, ast.BoolOp):
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield other.__name__, lambda: setattr(node, "op", other())
        for place in range(len(node.values)):
            yield f"without part {place + 1}", lambda place=place: node.values.pop(place)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", lambda: setattr(node, "op", ast.UAdd()) or setattr(node, "operand", _truth(node.operand))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TWINS:
        yield TWINS[node.func.id], lambda: setattr(node.func, "id", TWINS[node.func.id])
    if isinstance(node, ast.IfExp):
        yield (
            "branches swapped",
            lambda: (lambda body, orelse: (setattr(node, "body", orelse), setattr(node, "orelse", body)))(node.body, node.orelse),
        )


def _truth(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("bool", ast.Load()), [node], [])


def _of_numbers(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "other truth", lambda: setattr(node, "value", not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "one more", lambda: setattr(node, "value", node.value + 1)
        yield "one less", lambda: setattr(node, "value", node.value - 1)
    if isinstance(node, ast.BinOp) and type(node.op) in SUMS:
        yield SUMS[type(node.op)].__name__, lambda: setattr(node, "op", SUMS[type(node.op)]())
    if isinstance(node, ast.AugAssign):
        yield "not added", lambda: setattr(node, "value", ast.List([], ast.Load()) if isinstance(node.value, ast.List) else ast.Constant(0))


def _of_parts(node: ast.AST) -> Iterator[tuple[str, object]]:
    if isinstance(node, ast.comprehension):
        for place in range(len(node.ifs)):
            yield "without condition", lambda place=place: node.ifs.pop(place)
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and any(isinstance(each, ast.Starred) for each in node.elts):
        for place, each in enumerate(node.elts):
            yield f"without {_told(each)}", lambda place=place: node.elts.pop(place)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield "not said", lambda: setattr(node, "value", ast.Tuple([_generator(), ast.Constant(None)], ast.Load()))
    if isinstance(node, ast.If):
        yield "always", lambda: setattr(node, "test", ast.Constant(True))
        yield "never", lambda: setattr(node, "test", ast.Constant(False))


def _generator() -> ast.expr:
    """Never runs; keeps the function a generator."""
    return ast.IfExp(ast.Constant(False), ast.Yield(ast.Constant(None)), ast.Constant(None))


if __name__ == "__main__":
    sys.exit(main())
