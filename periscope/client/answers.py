"""What comes back from a server, which may be anything: bounded, checked, and read into a value or an `ApiError`."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from periscope.client.errors import ApiError, Problem

JSON, PROBLEM = "application/json", "application/problem+json"
MOST_BYTES = 256 << 20
_MOST_PROBLEM_BYTES = 4 << 20
_MOST_SHOWN = 2_000


class _ProblemDocument(msgspec.Struct):
    """The parts of problem+json that the client uses."""

    code: str
    detail: str
    title: str = ""
    hint: str = ""
    problems: list[Problem] = []
    warnings: list[Problem] = []


def read_body(response: httpx.Response, *, most: int | None = None, seconds: float) -> bytes:
    """The whole body, of at most so many bytes (MOST_BYTES), within so many seconds however slowly it trickles."""
    return b"".join(bounded(response, most=MOST_BYTES if most is None else most, seconds=seconds))


def bounded(response: httpx.Response, *, most: int | None, seconds: float | None) -> Iterator[bytes]:
    """The body part by part. Raises ApiError where it is too large or takes too long."""
    begun = time.monotonic()
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if most is not None and size > most:
            raise ApiError("ANSWER_TOO_LARGE", f"the answer has more than {most:,} bytes", status=response.status_code)
        if seconds is not None and time.monotonic() - begun > seconds:
            raise ApiError("SERVER_TIMEOUT", f"the answer took longer than {seconds:g} seconds")
        yield part


def media_type(response: httpx.Response) -> str:
    """The type of the body, without its parameters."""
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def raise_for(response: httpx.Response, *, seconds: float) -> None:
    """Raises ApiError unless the answer is a success."""
    status = response.status_code
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        place = _plain(response.headers.get("location", "nowhere"))
        what = f"the server sends the caller to {place}, and calls do not follow"
        raise ApiError("SERVER_REDIRECTS", what, "name the server's own address", status)
    if media_type(response) == PROBLEM:
        body = read_body(response, most=_MOST_PROBLEM_BYTES, seconds=seconds)
        try:
            found = msgspec.json.decode(body, type=_ProblemDocument)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise unknown(response, "its error can't be read") from None
        problems, warnings = tuple(found.problems), tuple(found.warnings)
        raise ApiError(_plain(found.code), found.detail, found.hint, status, problems, warnings)
    raise unknown(response, "its error is none of ours")


def decoded[T](response: httpx.Response, body: bytes, kind: type[T]) -> T:
    """A JSON body as a value of that type. Raises ApiError where it is none."""
    require_type(response, JSON)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unknown(response, _plain(str(error))) from None


def nothing[T](response: httpx.Response, kind: type[T]) -> T:
    """The value of an answer without content. Raises ApiError where that can't be one."""
    try:
        return msgspec.convert(None, kind)
    except msgspec.ValidationError:
        raise unknown(response, "it has no content") from None


def require_type(response: httpx.Response, *kinds: str) -> None:
    """Raises ApiError unless the body is of one of these types."""
    found = media_type(response)
    if found not in kinds:
        raise unknown(response, f"it is {_plain(found) or 'of no type'} instead of {' or '.join(kinds)}")


def unknown(response: httpx.Response, why: str) -> ApiError:
    """The answer is none that a Periscope server gives."""
    what = f"the answer ({response.status_code}) is none that a Periscope server gives: {why}"
    hint = "is this the address of a Periscope server, and of the same release as this client?"
    return ApiError("SERVER_UNKNOWN", what, hint, response.status_code)


def _plain(text: Any) -> str:
    """Text from a stranger, cut, and without anything that a terminal might obey."""
    shown = "".join(character if character.isprintable() else " " for character in str(text))
    return shown if len(shown) <= _MOST_SHOWN else shown[:_MOST_SHOWN] + "..."
