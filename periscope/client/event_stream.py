"""Server-sent events: read as the HTML standard says, within bounds, and taken up again where they broke off.

Written here since what reads them elsewhere keeps a line of any length in memory, and takes other characters for line
ends than the standard does.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from periscope.client.answers import require_type
from periscope.client.errors import ApiError
from periscope.client.transport import Transport

_MOST_EVENT_BYTES = 4 << 20
_SILENCE_SECONDS = 45.0
"""After so long without even a heartbeat, the connection is given up and made anew."""
_LEAST_WAIT_SECONDS, _MOST_WAIT_SECONDS = 0.25, 15.0
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A CR that is the last byte so far may be half of CR LF."""
_MOST_FAILURES = 20
"""So many in a row, none of which brought an event, and the stream is given up."""


class _AllTold(Exception):  # noqa: N818 - it is no error
    """The server has nothing more to tell."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name, its data, the id to go on after, and after how long to reconnect, if it says so."""

    name: str
    data: bytes
    id: str | None
    retry_seconds: float | None = None

    def document(self) -> dict[str, Any]:
        """Its data as JSON. Raises ApiError where it is none."""
        try:
            return msgspec.json.decode(self.data, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ApiError("SERVER_UNKNOWN", "an event of the stream can't be read") from None


def events(transport: Transport, path: str, *, after: str | None = None) -> Iterator[ServerEvent]:
    """Every event of a stream, across lost connections, until the server ends it with an event `end`.

    `after` is the id of the last event that is known already. Raises ApiError where it is refused or stays away.
    """
    last, failures, wait = after, 0, _LEAST_WAIT_SECONDS
    while True:
        begun = time.monotonic()
        try:
            for event in _connected(transport, path, last):
                failures = 0
                last = event.id if event.id is not None else last
                if event.retry_seconds is not None:
                    wait = min(max(event.retry_seconds, _LEAST_WAIT_SECONDS), _MOST_WAIT_SECONDS)
                if event.data:
                    yield event
                if event.name == "end":
                    return
        except _AllTold:
            return
        except ApiError as error:
            if error.status is not None and error.status < 500:
                raise
        failures = 0 if time.monotonic() - begun > _SILENCE_SECONDS else failures + 1
        if failures >= _MOST_FAILURES:
            raise ApiError("STREAM_LOST", f"the stream of events broke off {failures} times in a row", "try again")
        time.sleep(min(wait * failures, _MOST_WAIT_SECONDS))


def _connected(transport: Transport, path: str, last: str | None) -> Iterator[ServerEvent]:
    headers = {"accept": "text/event-stream", "cache-control": "no-store"}
    headers |= {} if last is None else {"last-event-id": last}
    with transport.stream(path, headers, silence_seconds=_SILENCE_SECONDS) as response:
        if response.status_code == 204:
            raise _AllTold
        require_type(response, "text/event-stream")
        yield from read_events(response.iter_bytes())


def read_events(parts: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events in a stream of bytes; what stands at its end without an empty line behind it is none."""
    fields: dict[str, bytes] = {}
    data: list[bytes] = []
    size = 0
    for line in _lines(parts):
        size += len(line)
        if size > _MOST_EVENT_BYTES:
            raise _too_large()
        if line:
            _take(line, fields, data)
            continue
        if fields or data:
            yield _event(fields, b"\n".join(data))
        fields, data, size = {}, [], 0


def _take(line: bytes, fields: dict[str, bytes], data: list[bytes]) -> None:
    name, _, value = line.partition(b":")
    value = value.removeprefix(b" ")
    match name:
        case b"data":
            data.append(value)
        case b"event":
            fields["event"] = value
        case b"id" if b"\0" not in value:
            fields["id"] = value
        case b"retry" if value.isdigit() and len(value) < 10:
            fields["retry"] = value


def _event(fields: Mapping[str, bytes], data: bytes) -> ServerEvent:
    name, number, retry = fields.get("event", b"message"), fields.get("id"), fields.get("retry")
    return ServerEvent(
        name.decode(errors="replace"),
        data,
        None if number is None else number.decode("ascii", errors="replace"),
        None if retry is None else int(retry) / 1000,
    )


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, which end in LF, CR LF or CR; the last one only if it has an end."""
    pending: list[bytes] = []
    for part in parts:
        pending.append(part)
        if sum(map(len, pending)) > _MOST_EVENT_BYTES:
            raise _too_large()
        if not _LINE_END.search(part) and not pending[0].endswith(b"\r"):
            continue
        text, begin = b"".join(pending), 0
        for end in _LINE_END.finditer(text):
            yield text[begin : end.start()]
            begin = end.end()
        pending = [text[begin:]]


def _too_large() -> ApiError:
    return ApiError("ANSWER_TOO_LARGE", f"an event of the stream has more than {_MOST_EVENT_BYTES:,} bytes")
