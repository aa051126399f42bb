"""Streams of events: read as the standard says, however they are cut, and taken up again where they broke off."""

import random
import time

import pytest

from periscope.client import ApiError, Client, event_stream
from periscope.client.event_stream import ServerEvent, read_events
from tests.client.hostile import Part, answer, hostile

STREAM = (
    b': hello\n\nretry: 10\n\nid: 1\nevent: status\ndata: {"run": 1}\n\n'
    b"data:a\rdata: b\r\rdata: c\r\nid\r\nunknown: x\r\n\r\nid: \0\ndata: d\n\ndata: cut"
)
EVENTS = [
    ServerEvent("message", b"", None, 0.01),
    ServerEvent("status", b'{"run": 1}', "1"),
    ServerEvent("message", b"a\nb", None),
    ServerEvent("message", b"c", ""),
    ServerEvent("message", b"d", None),
]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(text: str) -> bytes:
    """A chunk of a body."""
    return f"{len(text.encode()):x}\r\n{text}\r\n".encode()


def event(number: int, name: str = "status") -> bytes:
    """An event of a run."""
    return chunk(f'id: {number}\nevent: {name}\ndata: {{"number": {number}}}\n\n')


def test_events_are_read_however_they_are_cut() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        cuts = sorted(chance.sample(range(len(STREAM) + 1), chance.randint(0, 20)))
        parts = [STREAM[a:b] for a, b in zip([0, *cuts], [*cuts, len(STREAM)], strict=True)]
        assert list(read_events(parts)) == EVENTS, f"seed {seed}"
    assert list(read_events(bytes([byte]) for byte in STREAM)) == EVENTS


@pytest.mark.parametrize("endless", [b"data: x" * 1000, b"data: x\n" * 1000])
def test_an_event_without_an_end_is_given_up(endless: bytes) -> None:
    with pytest.raises(ApiError, match="ANSWER_TOO_LARGE"):
        list(read_events(endless for _ in range(10_000)))


@pytest.mark.parametrize(
    "breaks", [[chunk("data: half")], [chunk("id: 3\ndata: {}"), b"zz"], [END], [chunk(": quiet\n\n"), END]]
)
def test_a_stream_that_breaks_is_taken_up_after_the_last_event(
    breaks: list[Part], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "_LEAST_WAIT_SECONDS", 0.01)
    first: list[Part] = [HEAD, event(1), event(2), *breaks]
    with hostile(first, answer(b"", status="503 Busy"), [HEAD, event(3, "end"), END]) as server:
        with Client(server.url) as client:
            found = [(each.kind, each.data, each.id) for each in client.runs.follow(7, after="0.5")]
        asked = [[line for line in head.splitlines() if line.startswith("last-event-id")] for head in server.heads]
    assert found == [("status", {"number": 1}, "1"), ("status", {"number": 2}, "2"), ("end", {"number": 3}, "3")]
    assert asked == [["last-event-id: 0.5"], ["last-event-id: 2"], ["last-event-id: 2"]]


def test_a_stream_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_MOST_WAIT_SECONDS", 0.01)
    begun = time.monotonic()
    with hostile([]) as server, Client(server.url) as client, pytest.raises(ApiError, match="STREAM_LOST"):
        list(client.runs.follow(1))
    assert time.monotonic() - begun < 10


def test_silence_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "_LEAST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(event_stream, "_SILENCE_SECONDS", 0.3)
    with hostile([HEAD, event(1), 5.0], [HEAD, event(2, "end"), END]) as server, Client(server.url) as client:
        assert [each.id for each in client.runs.follow(1)] == ["1", "2"]


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (answer(b"{}", status="404 No"), "SERVER_UNKNOWN"),
        (answer(b"", status="302 F", headers="location: https://evil.example\r\n"), "SERVER_REDIRECTS"),
        (answer(b"data: x\n\n", kind="text/plain"), "SERVER_UNKNOWN"),
        ([HEAD, chunk("data: [\n\n"), END], "SERVER_UNKNOWN"),
    ],
)
def test_what_is_no_stream_ends_it(parts: list[Part], code: str) -> None:
    with hostile(parts) as server, Client(server.url) as client, pytest.raises(ApiError, match=code):
        list(client.runs.follow(1))


def test_a_stream_that_has_told_all_ends() -> None:
    with hostile([b"HTTP/1.1 204 No Content\r\n\r\n"]) as server, Client(server.url) as client:
        assert list(client.runs.follow(1)) == []
