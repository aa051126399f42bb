"""A client meets servers that are broken, slow, huge, elsewhere, or no Periscope: a sentence each time, and no harm."""

import json
import logging
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from periscope.client import CLIENT_CODES, ApiError, Client, transport
from periscope.client import answers as bounds
from periscope.client.address import read_address, token_of_environment
from tests.client.hostile import Part, answer, hostile

SECRET = "psk_canary_0123456789"
HEALTH = json.dumps({"status": "ok", "version": "1"}).encode()
PROBLEM = "application/problem+json"
FINE = answer(HEALTH)
CUT: list[Part] = [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"]
CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
SPACE: list[Part] = [b"1\r\n \r\n", 0.1]
TRICKLE: list[Part] = [CHUNKED, *SPACE * 50]
HUGE: list[Part] = [CHUNKED, *[b"100000\r\n" + b" " * (1 << 20) + b"\r\n"] * 40]

ANSWERS: dict[str, tuple[Iterable[Part], str]] = {
    "another site": (answer(b"<html>welcome</html>", kind="text/html"), "SERVER_UNKNOWN"),
    "no type": ([b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"], "SERVER_UNKNOWN"),
    "no JSON": (answer(b"{nonsense"), "SERVER_UNKNOWN"),
    "no UTF-8": (answer(b'{"status": "\xff"}'), "SERVER_UNKNOWN"),
    "other JSON": (answer(b"[1, 2]"), "SERVER_UNKNOWN"),
    "deep JSON": (answer(b"[" * 100_000), "SERVER_UNKNOWN"),
    "a missing field": (answer(b'{"status": "ok"}'), "SERVER_UNKNOWN"),
    "nothing": ([b"HTTP/1.1 204 No Content\r\n\r\n"], "SERVER_UNKNOWN"),
    "a gateway's error": (answer(b"<h1>no</h1>", status="500 No", kind="text/html"), "SERVER_UNKNOWN"),
    "a broken problem": (answer(b"{}", status="404 No", kind=PROBLEM), "SERVER_UNKNOWN"),
    "a redirect": (answer(b"", status="302 F", headers="location: https://evil.example/\r\n"), "SERVER_REDIRECTS"),
    "a redirect to nowhere": (answer(b"", status="307 F"), "SERVER_REDIRECTS"),
    "a cut answer": (CUT, "SERVER_GONE"),
    "no HTTP": ([b"SSH-2.0-OpenSSH_9.6\r\n"], "SERVER_GONE"),
    "an endless head": ([b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100_000], "SERVER_GONE"),
    "bad packing": (answer(b"zzzz", headers="content-encoding: gzip\r\n"), "SERVER_UNKNOWN"),
    "a hang up": ([], "SERVER_GONE"),
    "silence": ([9.0], "SERVER_TIMEOUT"),
    "a trickle": (TRICKLE, "SERVER_TIMEOUT"),
    "too much": (HUGE, "ANSWER_TOO_LARGE"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_every_answer_ends_in_a_sentence(
    case: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bounds, "MOST_BYTES", 8 << 20)
    parts, code = ANSWERS[case]
    caplog.set_level(logging.DEBUG)
    begun = time.monotonic()
    with (
        hostile(parts) as server,
        Client(server.url, SECRET, timeout_seconds=1) as client,
        pytest.raises(ApiError) as caught,
    ):
        client.health()
    error = caught.value
    assert (error.code, error.code in CLIENT_CODES) == (code, True), error
    assert time.monotonic() - begun < 6
    assert "\n" not in error.detail
    _holds_no_secret(error, client, caplog.text)


def _holds_no_secret(error: ApiError, client: Client, log: str) -> None:
    """The token is in nothing that anybody might print."""
    assert error.__traceback__ is not None
    inside = error.__traceback__.tb_next  # the test's own frame holds the secret
    shown = "".join(
        traceback.TracebackException.from_exception(error.with_traceback(inside), capture_locals=True).format()
    )
    transport = client.runs._transport
    for text in (str(error), repr(error), repr(vars(error)), shown, repr(client), repr(vars(client)), log):
        assert SECRET not in text
    assert SECRET not in repr(vars(transport)) + repr(vars(transport._http))
    assert error.__cause__ is None


def test_words_of_a_stranger_can_not_steer_the_terminal() -> None:
    document = {"code": "X\x1b[2J", "detail": "a", "title": "", "status": 409, "problems": []}
    parts = answer(json.dumps(document).encode(), status="409 No", kind=PROBLEM)
    with hostile(parts) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.health()
    assert "\x1b" not in str(caught.value)


def test_a_problem_is_told_with_all_its_parts() -> None:
    document = {
        "type": "/x", "title": "t", "status": 422, "detail": "not valid", "code": "CONFIG_INVALID", "hint": "mend it",
        "problems": [{"code": "UNKNOWN_KEY", "where": "core.x", "message": "no such key", "hint": ""}],
    }  # fmt: skip
    parts = answer(json.dumps(document).encode(), status="422 No", kind=PROBLEM)
    with hostile(parts) as server, Client(server.url) as client, pytest.raises(ApiError) as caught:
        client.runs.create("a@1")
    error = caught.value
    assert (error.code, error.status, error.hint) == ("CONFIG_INVALID", 422, "mend it")
    assert [each.where for each in error.problems] == ["core.x"]
    assert "core.x: no such key [UNKNOWN_KEY]" in str(error)
    assert len(server.heads) == 1, "what was refused is not sent again"


@pytest.mark.parametrize("first", [[], CUT, answer(b"", status="503 Busy"), answer(b"", status="429 Slow")])
def test_what_is_lost_is_sent_again_with_the_same_key(first: list[Part]) -> None:
    run: dict[str, Any] = {
        "run": 1, "version": "a@1", "mode": "backtest", "status": "new", "asked": None, "reason": None,
        "created_at": "2024-01-02T03:04:05.000006Z", "queued_at": None, "started_at": None, "ended_at": None,
        "progress": None, "final_value": "0.10000000000000000001", "net_trading_cash": None, "copied_from": None,
        "lost": 0, "config": {}, "result": None, "issues": [], "files": {}, "added_later": 1,
    }  # fmt: skip
    with hostile(first, answer(json.dumps(run).encode())) as server, Client(server.url) as client:
        made = client.runs.create("a@1")
        assert format(made.final_value, "f") == "0.10000000000000000001"
        assert made.created_at.isoformat() == "2024-01-02T03:04:05.000006+00:00"
        keys = [line for head in server.heads for line in head.splitlines() if line.startswith("idempotency-key")]
        assert (len(keys), len(set(keys))) == (2, 1)
        client.runs.create("a@1")
        assert keys[0] not in server.heads[-1], "another call has another key"
        client.runs.create("a@1", key="mine")
        assert "idempotency-key: mine" in server.heads[-1]


@pytest.mark.parametrize("parts", [[], CUT, answer(b"", status="503 Busy")])
def test_a_change_without_a_key_is_sent_once(parts: list[Part]) -> None:
    with hostile(parts) as server, Client(server.url) as client:
        for call in (lambda: client.runs.delete(1), lambda: client.runs.edit(1, {})):
            before = len(server.heads)
            with pytest.raises(ApiError) as caught:
                call()
            assert len(server.heads) == before + 1
            assert caught.value.status == 503 or "may have been done" in caught.value.detail


def test_retries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_FIRST_WAIT_SECONDS", 0.01)
    with hostile([]) as server, Client(server.url) as client:
        with pytest.raises(ApiError, match="SERVER_GONE"):
            client.health()
        assert len(server.heads) == 4


def test_where_nobody_listens_it_says_so() -> None:
    with hostile(FINE) as server:
        url = server.url
    with Client(url, timeout_seconds=3) as client, pytest.raises(ApiError, match="SERVER_UNREACHABLE"):
        client.health()


def test_the_token_goes_to_this_machine_or_encrypted_only() -> None:
    for url in ("http://periscope.example", "http://192.168.0.7:8750", "http://127.0.0.1.example", "http://0x7f000001"):
        with pytest.raises(ApiError, match="TOKEN_EXPOSED") as caught:
            Client(url, SECRET)
        assert SECRET not in str(caught.value)
        Client(url).close()
        Client(url, SECRET, allow_plain_http=True).close()
    for url in ("http://localhost:1", "http://127.9.9.9", "http://[::1]:8750", "https://periscope.example"):
        Client(url, SECRET).close()


def test_a_proxy_of_the_environment_sees_no_plain_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile(answer(b"proxied")) as proxy, hostile(FINE) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with Client(server.url, SECRET) as client:
            assert client.health().status == "ok"
        assert not proxy.heads
        assert f"authorization: bearer {SECRET}" in server.heads[0]


@pytest.mark.parametrize("secret", ["", " ", "psk_ü", "psk_a\r\nx: y", "a" * 501])
def test_a_token_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ApiError, match="TOKEN_UNUSABLE") as caught:
        Client("http://localhost", secret)
    assert secret.strip() == "" or secret not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "localhost:8750", "ftp://x", "http://", "https://u:p@x", "http://x/?q", "http://x/#f", "http://[", "\0"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ApiError, match="SERVER_URL") as caught:
        Client(url)
    assert "u:p" not in str(caught.value)


def test_a_path_before_the_api_is_kept() -> None:
    for url in ("https://x.example/desk/", "https://x.example/desk", "https://x.example/desk/api/v1/"):
        assert str(read_address(url)) == "https://x.example/desk/api/v1"
    with hostile(FINE) as server, Client(f"{server.url}/desk") as client:
        client.health()
        assert server.heads[0].startswith("get /desk/api/v1/healthz ")


def test_the_token_comes_from_the_environment_or_its_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    assert token_of_environment({}) is None
    assert token_of_environment({"PERISCOPE_TOKEN": f" {SECRET} "}) == SECRET
    assert token_of_environment({"PERISCOPE_TOKEN_FILE": str(file)}) == SECRET
    file.write_bytes(b"\xff")
    for named in (file, tmp_path / "none", tmp_path):
        with pytest.raises(ApiError, match="TOKEN_UNUSABLE"):
            token_of_environment({"PERISCOPE_TOKEN_FILE": str(named)})


def test_a_token_is_not_written_down() -> None:
    import copy

    with Client("http://localhost", SECRET) as client, pytest.raises(TypeError):
        copy.deepcopy(client.runs._transport._http.auth)
