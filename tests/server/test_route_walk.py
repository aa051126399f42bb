"""Every door of the API: without a key, with a wrong one, with one for less; and with names that lead elsewhere."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from periscope.runs.store.store import Store, StorePlace
from periscope.runs.store.token_rows import Scope
from periscope.server.routing import MIB
from tests.server.results import finished_run
from tests.server.serving import Served, serving
from tests.server.test_basics import problem
from tests.server.test_tokens import let_expire, secret_of
from tests.server.walking import Route, routes

CANARY = "canary-of-a-file-outside"
OPEN = "/api/v1/healthz"
LOOKING = ("/check",)
"""POSTs that change nothing."""
TRAVERSALS = [
    "../canary", "../../canary", "../" * 12 + "etc/passwd", "..", ".", "/etc/passwd", "//etc/passwd", "..\\..\\canary",
    "%2e%2e%2fcanary", "..%2f..%2fcanary", "....//canary", "canary\0.py", "C:\\canary", "file:///etc/passwd",
    "~/canary", "$(cat canary)", "`id`", "'; DROP TABLE runs; --", "\" OR 1=1 --", "\ud7ff\u202e", "x" * 5000, " ",
    "con", "-1", "0", "9" * 30, "1e9", "NaN", "null", "{}", "[]", "%00", "a/b", "worker@../1", "worker/../../canary",
]  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server in a folder below one with a file that no answer may hold, and a run."""
    (tmp_path / "canary").write_text(CANARY)
    inside = tmp_path / "inside"
    inside.mkdir()
    with serving(inside) as found:
        found.new_run()
        yield found


def ask(client: httpx.Client, route: Route, *, address: str | None = None, **extra: Any) -> httpx.Response:
    """Ask a route for something, without waiting for the end of a stream."""
    url = httpx.URL(str(client.base_url)).copy_with(raw_path=(address or route.address()).encode())
    with client.stream(route.method.upper(), url, **extra) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):  # and does not end
            return httpx.Response(answer.status_code, headers={"content-type": "text/event-stream"})
        answer.read()
    return answer


def snapshot(folder: Path) -> dict[str, bytes]:
    """What lies in a folder outside of the workspace."""
    return {str(file): file.read_bytes() for file in folder.iterdir() if file.is_file()}


def test_no_door_opens_without_the_right_key(served: Served, tmp_path: Path) -> None:
    doors = routes(served.client)
    assert len(doors) > 20
    expired = secret_of(served.store, "expired", Scope.ADMIN, days=1)
    let_expire(served.store, "expired")
    with Store(StorePlace(tmp_path / "other")) as other:
        foreign = secret_of(other, "foreign", Scope.ADMIN)
    keys = {None: "TOKEN_MISSING", foreign: "TOKEN_UNKNOWN", expired: "TOKEN_EXPIRED", "psk_": "TOKEN_UNKNOWN"}
    for key, code in keys.items():
        with served.open_client(key) as client:
            for route in doors:
                answer = ask(client, route)
                if route.path == OPEN:
                    assert answer.status_code == 200
                else:
                    assert problem(answer)["code"] == code, route
    assert [run.status for run in served.store.runs.page()] == ["new"]


def test_a_key_for_less_opens_no_more(served: Served) -> None:
    doors = routes(served.client)
    for scope in (Scope.READ, Scope.WRITE):
        with served.open_client(secret_of(served.store, scope.value, scope)) as client:
            for route in doors:
                needed = scope_of(route)
                if not scope.covers(needed):
                    assert problem(ask(client, route))["code"] == "SCOPE", route
                elif route.method == "get":
                    assert ask(client, route).status_code not in (401, 403), route
    assert [run.status for run in served.store.runs.page()] == ["new"]


def scope_of(route: Route) -> Scope:
    """What the contract says: reading needs `read`, all else `write`, tokens `admin`."""
    if "/tokens" in route.path:
        return Scope.ADMIN
    return Scope.READ if route.method == "get" or route.path.endswith(LOOKING) else Scope.WRITE


def test_no_name_leads_elsewhere(served: Served, tmp_path: Path, cases: Callable[..., int]) -> None:
    """Strings in every parameter of every route: nothing outside is read or written, and nothing fails."""
    count = cases(2, len(TRAVERSALS))
    before = snapshot(tmp_path)
    with served.open_client(secret_of(served.store, "admin", Scope.ADMIN)) as client:
        for route in routes(client):
            texts = [
                text for place, text in enumerate(TRAVERSALS) if (place + len(route.path)) % len(TRAVERSALS) < count
            ]
            for asked in asked_of(route, texts):
                answer = ask(client, route, **asked)
                assert answer.status_code < 500, (route, asked, answer.text)
                if answer.headers.get("content-type") == "text/event-stream":
                    continue
                assert CANARY not in answer.text, (route, asked)
                assert "root:x:0" not in answer.text, (route, asked)
                assert str(tmp_path) not in answer.text, (route, asked)
    assert snapshot(tmp_path) == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"canary", "inside"}


def test_no_answer_names_a_folder_of_the_server(served: Served, tmp_path: Path) -> None:
    """Also where all goes well, of a run with results. A report and an export are what the run's own files say."""
    number = finished_run(served).id
    asked = 0
    for route in routes(served.client):
        if route.method == "get" and not route.path.endswith(("/report", "/export")):
            for named in ("talker", "worker", str(number)):
                path = route.path.replace("{number}", str(number if "/runs/" in route.path else 1))
                answer = ask(served.client, route, address=re.sub(r"{\w+}", named, path))
                asked += answer.status_code == 200
                assert str(tmp_path) not in answer.text, route
    assert asked > 30


def asked_of(route: Route, texts: list[str]) -> Iterator[dict[str, Any]]:
    """What to ask a route: a string in one place at a time."""
    places = [parameter for parameter in route.parameters if parameter["in"] != "path"]
    is_named = any(parameter["in"] == "path" for parameter in route.parameters)
    for text in texts:
        if is_named:
            yield {"address": route.address(text)}
        for parameter in places:
            if parameter["in"] == "query":
                query = str(httpx.QueryParams({parameter["name"]: text}))
                yield {"address": f"{route.address()}?{query}"}
            elif parameter["in"] == "header" and text.isascii() and text.isprintable():
                yield {"headers": {parameter["name"]: text.strip()}}
        for kind in route.body_types:
            for body in bodies_of(text, kind):
                yield {"content": body, "headers": {"content-type": kind}}


def bodies_of(text: str, kind: str) -> Iterator[bytes]:
    """Bodies with a string at every place that a body of ours has."""
    if kind != "application/json":
        yield text.encode()[:MIB]
        return
    config = {"environment": {"start": text, "end": text}, "strategy": {text: text}, "core": {text: text}}
    names = ("version", "name", "scope", "strategy", "other", "path", "source", "symbol", "from", "template", "number")
    yield json.dumps(text).encode()
    yield json.dumps(dict.fromkeys(names, text)).encode()
    yield json.dumps({"version": "worker", "config": config}).encode()
    yield json.dumps({"version": text, "config": {}}).encode()
