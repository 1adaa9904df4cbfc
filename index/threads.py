"""The parts of an archive on all cores: numpy and FAISS leave the interpreter free while they work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from index.crew import cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def begin(function: Callable[[Item], Result], items: Sequence[Item]) -> Callable[[], list[Result]]:
    """Begin a function of every item, a share of them on each core; what is returned waits for the results.

    Results stand in the order of the items. `function` must not call this module.
    """
    shares = _shares(items)
    begun = [_pool().submit(_all, function, share) for share in shares]
    return lambda: _in_order([one.result() for one in begun])


def each(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """A function of every item, in their order: one share of them in this thread, the others beside it."""
    own, *others = _shares(items)
    begun = [_pool().submit(_all, function, share) for share in others]
    return _in_order([_all(function, own), *(one.result() for one in begun)])


def one_by_one(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The same in this thread alone: for little work, waiting for others takes longer than the work."""
    return _all(function, items)


def one_core() -> None:
    """Let FAISS use one core in this thread: the others have their own."""
    import faiss

    faiss.omp_set_num_threads(1)


def matrices_on_one_core() -> AbstractContextManager[object]:
    """Let numpy use one core: for small matrices two are no quicker, and wait for each other busily."""
    limit: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limit


@cache
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="parts", initializer=one_core)


def _shares(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Every n-th item, for as many n as there are cores."""
    return [items[start :: cores()] for start in range(cores())]


def _in_order(shares: Sequence[list[Result]]) -> list[Result]:
    return [share[turn] for turn in range(len(shares[0])) for share in shares if turn < len(share)]


def _all(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]
