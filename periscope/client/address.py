"""Where the server is and who asks it: its address, and the token, which never shows."""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from periscope.client.errors import ApiError

BASE = "/api/v1"
SERVER_VARIABLE = "PERISCOPE_SERVER"
TOKEN_VARIABLE = "PERISCOPE_TOKEN"  # noqa: S105 - the name of a variable, not its value
TOKEN_FILE_VARIABLE = "PERISCOPE_TOKEN_FILE"  # noqa: S105
_TOKEN = re.compile(r"[!-~]{1,500}", re.ASCII)
_HOST = re.compile(r"[\w.-]+")
_MOST_TOKEN_BYTES = 4_096


class Token(httpx.Auth):
    """The secret that goes with each request. It is in no repr, no error, and in no header that outlives a request."""

    def __init__(self, secret: str) -> None:
        if not _TOKEN.fullmatch(secret):
            raise ApiError("TOKEN_UNUSABLE", "the token holds characters that no token has", _WHERE_FROM)
        self.__secret = secret

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Put the secret into the request that is about to be sent."""
        request.headers["authorization"] = f"Bearer {self.__secret}"
        yield request

    def __repr__(self) -> str:
        return "<token>"

    def __reduce__(self) -> str:
        raise TypeError("a token is not to be written down")


_WHERE_FROM = f"set {TOKEN_VARIABLE} to the token, or {TOKEN_FILE_VARIABLE} to a file that holds nothing else"


def token_of_environment(environment: Mapping[str, str] | None = None) -> str | None:
    """The token of PERISCOPE_TOKEN, else of the file that PERISCOPE_TOKEN_FILE names, else None. Raises ApiError."""
    variables = os.environ if environment is None else environment
    if secret := variables.get(TOKEN_VARIABLE, "").strip():
        return secret
    if not (named := variables.get(TOKEN_FILE_VARIABLE)):
        return None
    try:
        with Path(named).open("rb") as file:
            secret = file.read(_MOST_TOKEN_BYTES).decode("ascii").strip()
    except OSError as error:
        what = f"the file {named} of {TOKEN_FILE_VARIABLE} can't be read: {error.strerror or error}"
        raise ApiError("TOKEN_UNUSABLE", what, _WHERE_FROM) from None
    except UnicodeDecodeError:
        secret = ""
    if not secret:
        raise ApiError("TOKEN_UNUSABLE", f"the file {named} holds no token", _WHERE_FROM)
    return secret


def read_address(url: str) -> httpx.URL:
    """The base of all calls. Raises ApiError where the text is no address of a server."""
    example = "an address is like http://127.0.0.1:8750 or https://periscope.example.com"
    try:
        found = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError, ValueError):
        raise ApiError("SERVER_URL", "the server's address can't be read", example) from None
    if found.userinfo:
        raise ApiError("SERVER_URL", "the server's address holds a user or a password", _WHERE_FROM)
    if found.scheme not in ("http", "https") or not _is_host(found.host) or found.query or found.fragment:
        raise ApiError("SERVER_URL", f"{url.strip()!r} is not the address of a server", example)
    return found.copy_with(path=found.path.rstrip("/").removesuffix(BASE) + BASE)


def _is_host(text: str) -> bool:
    if ":" not in text:
        return bool(_HOST.fullmatch(text))
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host's name can only mean this machine."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def guard_token(address: httpx.URL, *, allow_plain_http: bool) -> None:
    """Raises ApiError where a token would travel so that others can read it."""
    if address.scheme == "http" and not allow_plain_http and not is_loopback(address.host):
        what = f"the token would travel unencrypted to {address.host}"
        raise ApiError("TOKEN_EXPOSED", what, "use https, or a tunnel to a port of this machine")
