"""Every regular expression of rag/ and ui/ on hostile text of growing length: none takes more than its share.

The expressions are collected from the modules themselves, those compiled at the top and those written where they
are used, each with the methods that the packages call on it. The hostile texts are made from each expression: runs
of the characters it looks for, one and two kinds at a time, with an end that fails. Time is this thread's processor
time, and only what takes a noticeable part of a second counts, so that a busy machine measures the same.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

import pytest
from conftest import Figure

import rag
import ui

SHORT, LONG = 500, 4_000  # characters; a question has at most 2,000
STEEPEST = 20.0  # times as long for eight times the text; 8 is linear, 64 is quadratic
NOTICED = 0.02  # seconds for the long text; what is quadratic and quicker than this stays quick
METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "split")
Expressions = dict[tuple[str, int], tuple[str, set[str]]]  # pattern and flags: where it stands, methods used


def expressions() -> Expressions:
    """Every expression of the packages with how it is used; all methods where that cannot be seen."""
    modules = [
        importlib.import_module(module.name)
        for package in (rag, ui)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    ]
    sources = {module: Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules}
    called = re.compile(rf"\b(\w+)\.({'|'.join(METHODS)})\(")
    uses: dict[str, set[str]] = {}
    for source in sources.values():
        for name, method in called.findall(source):
            uses.setdefault(name, set()).add(method)
    found: Expressions = {}
    for module, source in sources.items():
        for where, pattern, methods in [*_kept(module, uses), *_written(module, source)]:
            _, known = found.setdefault((pattern.pattern, pattern.flags), (where, set()))
            known |= methods
    return found


def _kept(module: ModuleType, uses: dict[str, set[str]]) -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """Expressions that a module keeps under a name."""
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
            yield f"{module.__name__}.{name}", value, uses.get(name, set(METHODS))


def _written(module: ModuleType, source: str) -> Iterator[tuple[str, re.Pattern[str], set[str]]]:
    """Expressions that stand as they are in a call of `re`, unless the text stands there as well."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) > 1):
            continue
        owner, first, last = node.func.value, node.args[0], node.args[-1]
        of_re = isinstance(owner, ast.Name) and owner.id == "re" and node.func.attr in METHODS
        if of_re and isinstance(first, ast.Constant) and not isinstance(last, ast.Constant):
            yield f"{module.__name__}:{node.lineno}", re.compile(str(first.value)), {node.func.attr}


def letters_of(tree: Any) -> list[str]:
    """Characters that an expression looks for, one of every literal and every class, in order."""
    found: dict[str, None] = {}
    for operation, value in tree:
        if operation is constants.LITERAL:
            found[chr(value)] = None
        elif operation is constants.IN:
            found |= dict.fromkeys(sample(value))
        elif operation in (constants.NOT_LITERAL, constants.ANY):
            found["乙"] = None
        elif operation in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            found |= dict.fromkeys(letters_of(value[2]))
        elif operation is constants.SUBPATTERN:
            found |= dict.fromkeys(letters_of(value[-1]))
        elif operation in (constants.ASSERT, constants.ASSERT_NOT):
            found |= dict.fromkeys(letters_of(value[1]))
        elif operation is constants.BRANCH:
            for branch in value[1]:
                found |= dict.fromkeys(letters_of(branch))
    return list(found)


def sample(members: Any) -> Iterator[str]:
    """A character of every part of a class."""
    kinds = {constants.CATEGORY_DIGIT: "7", constants.CATEGORY_SPACE: " ", constants.CATEGORY_WORD: "a"}
    negated = any(operation is constants.NEGATE for operation, _ in members)
    if negated:
        yield "乙"
        return
    for operation, value in members:
        if operation is constants.LITERAL:
            yield chr(value)
        elif operation is constants.RANGE:
            yield chr(value[0])
        elif operation is constants.CATEGORY:
            yield kinds.get(value, "乙")


def hostile(pattern: re.Pattern[str]) -> list[str]:
    """Short texts to be repeated: what the expression looks for, alone and in pairs."""
    letters = letters_of(parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE | re.UNICODE))
    few = letters[:3] + letters[-1:]
    extra = ["乙", "7", " ", "\n", "a"]
    alone = list(dict.fromkeys([*letters[:16], *extra]))
    pairs = [a + b for a in few for b in dict.fromkeys([*few[:2], *extra[:2]]) if a != b]
    return alone + pairs + ["".join(letters[:30])]


def run(pattern: re.Pattern[str], method: str) -> Callable[[str], object]:
    """One call of a method that reads the text to its end."""
    if method == "finditer":
        return lambda text: sum(1 for _ in pattern.finditer(text))
    if method == "sub":
        return lambda text: pattern.sub("", text)
    return lambda text: getattr(pattern, method)(text)


def seconds(call: Callable[[str], object], text: str) -> float:
    started = time.thread_time()
    call(text)
    return time.thread_time() - started


def steepness(call: Callable[[str], object], piece: str, noticed: float = NOTICED) -> tuple[float, float]:
    """(time for the long text, how many times as long as for an eighth of it); 0 when it is quicker than noticed."""
    short, long = (f"{(piece * length)[:length]}\x00" for length in (SHORT, LONG))
    # What is quadratic and noticed for the long text takes at least a sixty-fourth of that for the short one.
    first = min(seconds(call, short), seconds(call, short))
    if first < noticed / 100 or (taken := seconds(call, long)) < noticed:
        return 0.0, 0.0
    if taken / first > STEEPEST:  # once more, for a moment's hiccup
        taken = min(taken, seconds(call, long))
        first = min(first, *(seconds(call, short) for _ in range(5)))
    return taken, taken / first


def test_no_expression_is_steeper_than_its_text_is_long(figure: Figure) -> None:
    found = expressions()
    steep: list[str] = []
    slowest = (0.0, "")
    for (source, flags), (where, methods) in found.items():
        pattern = re.compile(source, flags)
        for method, piece in ((method, piece) for method in sorted(methods) for piece in hostile(pattern)):
            long, times = steepness(run(pattern, method), piece)
            slowest = max(slowest, (long, where))
            if times > STEEPEST:
                steep.append(f"{where}, {method} on {piece!r}: {long:.3f} s, {times:.1f} times an eighth's")
                break
    figure(
        "regular expressions of rag/ and ui/",
        f"{len(found)}, {len(steep)} steeper than linear; none takes more than {slowest[0] * 1000:.0f} ms "
        f"for {LONG:,} characters",
        "0 steeper",
    )
    assert len(found) > 100
    assert steep == []


@pytest.mark.parametrize(("source", "piece"), [(r"(a|a)*b", "a"), (r"\s+x", " "), (r"\[[^\]]*\]\(", "[")])
def test_the_measure_finds_what_is_steep(source: str, piece: str) -> None:
    pattern = re.compile(source)
    assert piece in hostile(pattern)
    search = run(pattern, "search")
    if source == r"(a|a)*b":
        assert seconds(search, "a" * 22) > 50 * seconds(search, "a" * 11)
    else:
        # However quick the machine is: what matters here is that the times are compared rightly.
        assert steepness(search, piece, noticed=0.0)[1] > STEEPEST
