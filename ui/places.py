"""Which archives are meant: `--index` values as names and folders, or servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.document import YoujuError
from index.remote import Location, Remote, location

DEFAULT_INDEX = Path("var/index")
LONGEST_NAME = 60  # characters


class PlaceError(YoujuError):
    """An archive cannot be called that, or two would be called the same."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one index stands, and what its archive is called among several; empty when it is alone."""

    name: str
    path: Location


def places(given: Sequence[str] | None) -> tuple[Place, ...]:
    """The archives of `DIR`, `NAME=DIR` and folders that hold several. Raises PlaceError or AddressError.

    A folder that is no index but holds some stands for all of them, by name. One archive alone has no name.
    """
    found = [place for value in given or (str(DEFAULT_INDEX),) for place in _places(value)]
    if len(found) == 1:
        return (Place("", found[0].path),)
    found = _told_apart(found)
    for name, count in Counter(place.name for place in found).items():
        if count > 1:
            raise PlaceError(f"{count} archives are called {name}; name them apart: --index NAME=DIR")
        if not name or "/" in name or len(name) > LONGEST_NAME:
            raise PlaceError(
                f"an archive's name has 1 to {LONGEST_NAME} characters and no slash, got {name!r}"
            )
    return tuple(found)


def _places(value: str) -> list[Place]:
    name, equals, rest = value.partition("=")
    if equals and not Path(value).exists() and "/" not in name:
        return [Place(name.strip(), location(rest))]
    path = location(value)
    if isinstance(path, Remote):
        return [Place("", path)]
    if _is_index(path) or not path.is_dir():
        return [Place("", path)]
    inside = sorted(folder for folder in path.iterdir() if _is_index(folder))
    return [Place("", folder) for folder in inside] or [Place("", path)]


def _is_index(path: Path) -> bool:
    return (path / "CURRENT").is_file()


def _told_apart(found: Sequence[Place]) -> list[Place]:
    """Names from the folders; where two are alike, with the folder above, or the server's name."""
    called = [_called(place.path) for place in found]
    short = [place.name or name for place, (_, name) in zip(found, called, strict=True)]
    counts = Counter(short)
    return [
        Place(name if counts[name] == 1 or place.name else f"{above}-{name}", place.path)
        for name, place, (above, _) in zip(short, found, called, strict=True)
    ]


def _called(place: Location) -> tuple[str, str]:
    if isinstance(place, Remote):
        return place.host, place.name
    return place.resolve().parent.name, place.resolve().name
