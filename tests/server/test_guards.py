"""Names, pages, bodies and patience: what a request must be like before it reaches a route."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from periscope.server import bodies, connections
from periscope.server.context import Doors
from periscope.server.routing import MIB
from tests.server.serving import CONFIG, Served, serving
from tests.server.test_basics import problem

GIVEN = Doors(hosts=("desk.example",), origins=("https://app.example",))


@contextmanager
def line_to(served: Served) -> Iterator[socket.socket]:
    """A bare connection to the server."""
    place = urlsplit(served.url)
    with socket.create_connection((place.hostname, place.port), timeout=20) as line:
        yield line


def everything(line: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    found = b""
    while True:
        try:
            part = line.recv(65536)
        except ConnectionResetError:
            return found
        if not part:
            return found
        found += part


def code_in(answer: bytes) -> tuple[int, str]:
    """Status and code of a problem as it came over the wire."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "desk.example", "[::2]"])
def test_a_host_that_is_not_ours_is_refused(unchanged: Served, host: str) -> None:
    """DNS rebinding: the page's own name now leads here."""
    for path in ("runs", "healthz", "nothing"):
        assert problem(unchanged.client.get(path, headers={"host": host}))["code"] == "HOST_REFUSED"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8750", "[::1]", "[::1]:8750"])
def test_names_of_this_machine_are_ours(unchanged: Served, host: str) -> None:
    assert unchanged.client.get("runs", headers={"host": host}).status_code == 200


def test_two_hosts_or_none_are_refused(unchanged: Served) -> None:
    for lines in ("", "Host: localhost\r\nHost: evil.example\r\n"):
        with line_to(unchanged) as line:
            line.sendall(f"GET /api/v1/runs HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            assert everything(line).split()[1] in (b"400", b"421")


def test_pages_from_elsewhere_are_refused(unchanged: Served) -> None:
    """CSRF: a page of another site sends a form, or asks by script."""
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost:1",
        f"{unchanged.url}.evil.example",
        "http://127.0.0.1",
    ):
        answer = unchanged.client.post("runs/1/kill", headers={"origin": origin})
        assert problem(answer)["code"] == "ORIGIN_REFUSED"
        assert "access-control-allow-origin" not in answer.headers
    assert unchanged.client.get("runs", headers={"origin": unchanged.url}).status_code == 200


def test_what_is_allowed_is_let_in(tmp_path: Path) -> None:
    with serving(tmp_path, doors=GIVEN) as served:
        assert served.client.get("runs", headers={"host": "desk.example:80"}).status_code == 200
        answer = served.client.get("runs", headers={"origin": "https://app.example"})
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
        asked["access-control-request-headers"] = "authorization,content-type,idempotency-key"
        assert served.client.options("runs", headers=asked).status_code == 200
        refused = served.client.options("runs", headers={**asked, "origin": "https://evil.example"})
        assert problem(refused)["code"] == "ORIGIN_REFUSED"


def test_a_body_has_a_limit_whatever_its_headers_say(unchanged: Served) -> None:
    kind = {"content-type": "application/json"}
    large = b'{"version": "' + b"x" * MIB + b'"}'
    assert problem(unchanged.client.post("runs", content=large, headers=kind))["code"] == "BODY_TOO_LARGE"
    in_chunks = unchanged.client.post("runs", content=iter([large[:1000], large[1000:]]), headers=kind)
    assert problem(in_chunks)["code"] == "BODY_TOO_LARGE"
    assert problem(unchanged.client.post("runs", content=large[:1000], headers=kind))["code"] == "NOT_JSON"
    assert unchanged.client.get("healthz").status_code == 200


def test_a_length_that_lies_is_no_way_in(unchanged: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.3)
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0.3)
    body = json.dumps({"version": "worker", "config": CONFIG}).encode()
    head = (
        "POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    )
    with line_to(unchanged) as line:  # more than is there: the client goes away
        line.sendall(head.format(len(body) + 10).encode() + body)
        line.shutdown(socket.SHUT_WR)
        line.close()
    with line_to(unchanged) as line:  # less than is there: what is left is no request
        line.sendall(head.format(10).encode() + body)
        found = everything(line)
        assert b" 422 " in found
        assert b" 201 " not in found
    with line_to(unchanged) as line:
        line.sendall(head.format(1 << 60).encode() + body)
        assert b" 413 " in line.recv(65536)
    for wrong in ("-1", "x", "1e3", "1, 2"):
        with line_to(unchanged) as line:
            line.sendall(head.format(wrong).encode() + body)
            assert b" 400 " in line.recv(65536)
    assert unchanged.client.get("runs").json()["items"] == []


def test_a_slow_body_is_given_up(unchanged: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LINGER_SECONDS", 0.3)
    with line_to(unchanged) as line:
        line.sendall(b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n")
        line.sendall(b"Content-Type: application/json\r\n\r\n{")
        assert code_in(everything(line)) == (408, "BODY_SLOW")


def test_a_slow_head_is_given_up(unchanged: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0.3)
    for begun in (b"", b"GET /api/v1/runs HT"):
        with line_to(unchanged) as line:
            line.sendall(begun)
            assert everything(line) == b""
    with line_to(unchanged) as line:  # also after a first request
        line.sendall(b"GET /api/v1/healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /api")
        assert b" 200 " in everything(line)


def test_an_answer_is_sent_at_once(unchanged: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body would otherwise wait 40 ms for its head to be acknowledged, at every request of a connection."""
    made: list[bool] = []
    begin = connections.PatientProtocol.connection_made

    def noting(line: connections.PatientProtocol, transport: asyncio.Transport) -> None:
        begin(line, transport)
        made.append(bool(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    monkeypatch.setattr(connections.PatientProtocol, "connection_made", noting)
    with unchanged.open_client() as client:
        assert client.get("healthz").status_code == 200
    assert made == [True]


def test_many_silent_connections_keep_nobody_out(unchanged: Served) -> None:
    lines = []
    place = urlsplit(unchanged.url)
    try:
        for _ in range(100):
            lines.append(socket.create_connection((place.hostname, place.port), timeout=20))
            lines[-1].sendall(b"POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        begun = time.monotonic()
        assert unchanged.client.get("runs").status_code == 200
        assert time.monotonic() - begun < 10
    finally:
        for line in lines:
            line.close()


def test_one_connection_too_many_is_told_so(unchanged: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with line_to(unchanged), line_to(unchanged):
        monkeypatch.setattr(connections, "MOST_CONNECTIONS", 2)
        with line_to(unchanged) as line:
            line.sendall(b"GET /api/v1/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert code_in(everything(line)) == (503, "SERVER_BUSY")
        monkeypatch.undo()
        with line_to(unchanged) as line:
            line.sendall(b"GET /api/v1/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b" 200 " in everything(line)


def test_a_head_has_a_limit(unchanged: Served) -> None:
    with line_to(unchanged) as line:
        try:
            line.sendall(b"GET /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return  # the server had hung up before all of it was sent
        assert b" 200 " not in everything(line)


def test_what_is_no_http_is_refused(unchanged: Served) -> None:
    for words in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 100 + b"\r\n\r\n"):
        with line_to(unchanged) as line:
            line.sendall(words)
            line.shutdown(socket.SHUT_WR)
            assert b" 200 " not in everything(line)
    assert unchanged.client.get("healthz").status_code == 200


def test_no_line_of_the_log_has_a_secret(unchanged: Served, caplog: pytest.LogCaptureFixture) -> None:
    secret = "psk_" + "canary" * 6
    with caplog.at_level(logging.DEBUG), unchanged.open_client(secret) as client:
        client.get("runs", params={"strategy": secret})
        client.get(f"problems/{secret}")
        client.get(f"runs/1%0a{secret}%0aGET")
        client.post("tokens", json={"name": secret, "scope": secret})
        client.post("runs", content=secret, headers={"content-type": "application/json"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("periscope", "uvicorn"))]
    assert any("GET /api/v1/runs 401" in line for line in ours)
    assert not any("canary" in line or "\n" in line for line in ours)


def test_requests_are_counted_by_template(served: Served) -> None:
    served.new_run()
    for number in range(1, 5):
        served.client.get(f"runs/{number}")
    served.client.get("nothing/../../etc/passwd")
    text = served.client.get("metrics").text
    assert 'periscope_requests_total{method="GET",route="/runs/{number}",status="404"} 3.0' in text
    assert 'periscope_runs{status="new"} 1.0' in text
    assert "passwd" not in text
