"""Who may enter: one decision for page, API and MCP.

On loopback everybody may. On another host a secret is needed: the token of YOUJU_TOKEN, or a name and
password of a file with lines `name:password`. Browsers keep a signed cookie; programs send
`Authorization: Bearer TOKEN` or `Basic`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from index.document import YoujuError

TOKEN_VARIABLE = "YOUJU_TOKEN"  # noqa: S105 - the name of a variable, not a secret  # nosec B105
COOKIE = "youju_session"
SHORTEST_SECRET = 8  # characters


class AuthError(YoujuError):
    """The server would be open to others without a secret, or the secret is unusable."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a request must show. Without secrets everybody on this machine may enter."""

    host: str
    token: str = ""
    passwords: Mapping[str, str] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def closed(self) -> bool:
        """Whether a secret is needed."""
        return bool(self.token or self.passwords)

    def admits(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers (names in lower case) may pass."""
        if not self.closed:
            return True
        kind, _, value = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self.knows("", value.strip())
        if kind.lower() == "basic":
            return self._basic(value.strip())
        return self._session(headers.get("cookie", ""))

    def knows(self, name: str, secret: str) -> bool:
        """Whether a token, or a name and its password, is right; compared in constant time."""
        if self.token and _same(secret, self.token):
            return True
        expected = self.passwords.get(name)
        return (
            _same(secret, expected if expected is not None else secrets.token_hex(8)) and expected is not None
        )

    def cookie(self) -> str:
        """A new session's cookie value; it holds for as long as this server runs."""
        nonce = secrets.token_hex(16)
        return f"{nonce}.{self._sign(nonce)}"

    def _basic(self, value: str) -> bool:
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self.knows(name, secret)

    def _session(self, header: str) -> bool:
        try:
            morsel = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return False
        nonce, _, signature = morsel.value.partition(".") if morsel else ("", "", "")
        return bool(nonce) and _same(signature, self._sign(nonce))

    def _sign(self, nonce: str) -> str:
        return hmac.new(self.key, nonce.encode(), hashlib.sha256).hexdigest()


def gate(host: str, password_file: Path | None = None) -> Gate:
    """The gate for a host. Raises AuthError when others could come in without a secret."""
    token = os.environ.get(TOKEN_VARIABLE, "")
    passwords = read_passwords(password_file) if password_file else {}
    if not is_loopback(host) and not token and not passwords:
        raise AuthError(
            f"{host} can be reached by others: set {TOKEN_VARIABLE} or give --password-file, "
            "or leave out --host to serve this machine only"
        )
    if token and len(token) < SHORTEST_SECRET:
        raise AuthError(f"{TOKEN_VARIABLE} must have at least {SHORTEST_SECRET} characters, got {len(token)}")
    return Gate(host, token, passwords)


def read_passwords(path: Path) -> dict[str, str]:
    """Names and passwords, one `name:password` a line; empty lines and `#` lines are left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AuthError(f"cannot read the password file {path}: {error}") from None
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.strip().partition(":")
        if not colon or not name or len(password) < SHORTEST_SECRET:
            raise AuthError(
                f"{path}, line {number}: expected name:password with a password of at least "
                f"{SHORTEST_SECRET} characters"
            )
        found[name] = password
    if not found:
        raise AuthError(f"{path} holds no name:password line")
    return found


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
