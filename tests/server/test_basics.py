"""What all routes have in common: problems, pages, the description."""

import base64
from typing import Any

import httpx
import pytest

from periscope.server.codes import API_CODES
from tests.server.serving import Served


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem that an answer is; checks what is true of every one."""
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code == API_CODES[document["code"]].status
    assert document["type"] == f"/api/v1/problems/{document['code']}"
    assert document["title"]
    assert document["detail"]
    return document


def test_it_says_that_it_is_well(served_on_both: Served) -> None:
    answer = served_on_both.client.get("healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": "0.0.0"}


def test_a_run_is_shown_as_the_command_line_shows_it(served_on_both: Served) -> None:
    from periscope.runs.documents import run_document

    run = served_on_both.new_run()
    answer = served_on_both.client.get(f"runs/{run.id}")
    assert answer.status_code == 200
    assert answer.json() == run_document(served_on_both.store, run)


def test_runs_are_listed_a_page_at_a_time(served_on_both: Served) -> None:
    numbers = [served_on_both.new_run().id for _ in range(5)]
    seen: list[int] = []
    after: dict[str, Any] = {}
    for _ in range(4):
        answer = served_on_both.client.get("runs", params={"limit": 2, **after}).json()
        seen += [run["run"] for run in answer["items"]]
        if answer["next"] is None:
            break
        after = {"after": answer["next"]}
    assert seen == numbers[::-1]
    assert served_on_both.client.get("runs", params={"status": "complete"}).json() == {"items": [], "next": None}
    assert served_on_both.client.get("runs", params={"strategy": "none"}).json() == {"items": [], "next": None}
    assert len(served_on_both.client.get("runs", params={"strategy": "worker"}).json()["items"]) == 5


def other(text: str) -> str:
    """Base64 for addresses."""
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("after", ["1", "...", "", "ü", other("runs:-1"), other("runs:x"), other("orders:1"), "\0"])
def test_a_cursor_of_another_make_is_refused(unchanged: Served, after: str) -> None:
    answer = unchanged.client.get("runs", params={"after": after})
    assert problem(answer)["code"] == "CURSOR_INVALID"


def test_a_cursor_beyond_the_end_gives_an_end(unchanged: Served) -> None:
    for place in ("1", "0", str(1 << 60)):
        assert unchanged.client.get("runs", params={"after": other(f"runs:{place}")}).json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "nothing", "NOT_FOUND"),
        ("GET", "../", "NOT_FOUND"),
        ("GET", "runs/", "NOT_FOUND"),
        ("GET", "runs/7", "RUN_NOT_FOUND"),
        ("PUT", "runs", "METHOD"),
        ("GET", "runs/0", "INVALID"),
        ("GET", "runs/-1", "INVALID"),
        ("GET", "runs/9999999999", "INVALID"),
        ("GET", "runs/x", "INVALID"),
        ("GET", "runs?limit=0", "INVALID"),
        ("GET", "runs?limit=1001", "INVALID"),
        ("GET", "runs?status=odd", "INVALID"),
        ("GET", "runs?strategy=%00", "INVALID"),
        ("GET", "problems/NO_SUCH_CODE", "NOT_FOUND"),
    ],
)
def test_what_can_not_be_answered_is_a_problem(unchanged: Served, method: str, path: str, code: str) -> None:
    assert problem(unchanged.client.request(method, path))["code"] == code


def test_every_problem_links_to_its_explanation(unchanged: Served) -> None:
    for code, known in API_CODES.items():
        explained = unchanged.client.get(f"problems/{code}").json()
        assert explained == {"code": code, "status": known.status, "title": known.title, "mend": known.mend}


def test_the_description_names_every_problem_and_the_tokens(unchanged: Served) -> None:
    document = unchanged.client.get("openapi.json").json()
    for item in document["paths"].values():
        for operation in item.values():
            kinds = operation["responses"]["4XX"]["content"]
            assert kinds == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
            assert "422" not in operation["responses"]
    assert "HTTPValidationError" not in str(document)
