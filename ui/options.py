"""What several commands do with their options: places, settings, indexes opened, JSON printed."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.remote import Location
    from index.search import Index
    from index.union import Union
    from rag.assistant import Assistant, Settings


def settings_of(options: argparse.Namespace) -> Settings:
    """What the command line says of answers."""
    from rag.assistant import Settings

    language = getattr(options, "language", "zh")
    return Settings(
        k=getattr(options, "k", 10), llm=options.llm, reranker=options.reranker, language=language
    )


def assistant_of(index: Index | Union, options: argparse.Namespace) -> Assistant:
    """An assistant with the settings of the command line."""
    from rag.assistant import Assistant

    return Assistant(index, settings_of(options))


def open_one(options: argparse.Namespace) -> Index:
    """The one index that is named. Raises IndexMissing and its kin."""
    from index.search import open_index

    return open_index(options.index, model=options.model)


def open_all(options: argparse.Namespace) -> Index | Union:
    """The index that is named, or several as one."""
    from index.search import open_index
    from index.union import open_union
    from ui.places import places

    chosen = places(options.places)
    if len(chosen) == 1:
        return open_index(chosen[0].path, model=options.model)
    return open_union({place.name: place.path for place in chosen}, model=options.model)


def print_json(value: Any) -> None:
    """One JSON value on a line of its own, Chinese as it is."""
    print(json.dumps(value, ensure_ascii=False))


def place(text: str) -> Location:
    """A folder, or a server's address; for argparse."""
    from index.remote import AddressError, location

    try:
        return location(text)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(text: str) -> int:
    """A number from 1 on; for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number
