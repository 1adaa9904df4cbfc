"""Where an index stands: a folder of this machine, or a name on a Milvus server.

    var/index                          a folder
    milvus://host:19530/name           a server
    milvus+tls://host:19530/name       the same, encrypted
    milvus://host:19530/name?vectors=HNSW

A token or `user:password` for the server is read from YOUJU_MILVUS_TOKEN, never
from the address, which stands in messages and logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from index.document import YoujuError

PORT = 19530
VECTORS = ("FLAT", "HNSW")  # exact, and approximate for very large archives
_SCHEMES = {"milvus": False, "milvus+tls": True}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FORM = "expected milvus://host:19530/name (letters, digits and _ in the name)"


class AddressError(YoujuError):
    """The address of an index cannot be read."""


@dataclass(frozen=True, slots=True)
class Remote:
    """An index called `name` on a Milvus server; `vectors` is the kind of its vector index."""

    host: str
    port: int
    name: str
    encrypted: bool = False
    vectors: str = ""  # empty: as the index has it, exact for a new one

    @property
    def uri(self) -> str:
        """What the client library connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.encrypted else 'http'}://{host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"milvus{'+tls' if self.encrypted else ''}://{host}:{self.port}/{self.name}"


Location = Path | Remote


def location(text: str) -> Location:
    """Read an address. Raises AddressError for a scheme, a name or an option that is not known."""
    if "://" not in text:
        return Path(text)
    try:
        parts = urlsplit(text)
        port = parts.port or PORT
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
    except ValueError as error:
        raise AddressError(f"the address of the index cannot be read ({error}); {_FORM}") from None
    if parts.username is not None or parts.password is not None:
        raise AddressError("put the token or user:password into YOUJU_MILVUS_TOKEN, not into the address")
    if parts.scheme not in _SCHEMES:
        raise AddressError(f"{parts.scheme}:// is not known; {_FORM}, or a folder")
    name = parts.path.removeprefix("/")
    if not parts.hostname or not _NAME.fullmatch(name) or parts.fragment:
        raise AddressError(f"got {text!r}; {_FORM}")
    vectors = options.pop("vectors", "")
    if options or vectors not in ("", *VECTORS):
        raise AddressError(f"the only option is vectors={'|'.join(VECTORS)}, got {parts.query!r}")
    return Remote(parts.hostname, port, name, _SCHEMES[parts.scheme], vectors)


def beside(place: Location, suffix: str) -> Path:
    """A local folder for what belongs to an index but changes on its own: `<index><suffix>`.

    That of a remote index stands under `var/` of the working folder.
    """
    if isinstance(place, Remote):
        host = re.sub(r"[^A-Za-z0-9.-]", "-", place.host)
        return Path("var", f"{host}-{place.port}-{place.name}{suffix}").resolve()
    return place.resolve().with_name(place.name + suffix)
