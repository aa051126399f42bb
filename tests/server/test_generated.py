"""Requests made up by Schemathesis from the description: no failure, and every answer is as described."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from periscope.runs.store.token_rows import Scope
from periscope.server import following
from tests.server.results import finished_run
from tests.server.serving import Served, serving
from tests.server.test_tokens import secret_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
DRASTIC = {("DELETE", "/api/v1/runs/{number}"), ("POST", "/api/v1/runs/{number}/reset")}
"""What would leave nothing to ask about; and each verification is a process."""
THERE = {"number": 1, "name": "talker", "verification_number": 1, "version_number": 1}
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@schemathesis.serializer("application/zip")
def as_it_is(_context: schemathesis.SerializationContext, value: Any) -> bytes:
    """The body of a request that is no JSON."""
    if isinstance(value, bytes):
        return value
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode("utf-8", "replace")


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server with a run that has ended, a draft, and streams that end soon."""
    monkeypatch.setattr(following, "LONGEST_SECONDS", 0.05)
    with serving(tmp_path) as found:
        finished_run(found)
        assert found.client.post("strategies/talker/draft", json={}).status_code == 201
        yield found


def cases_of(operation: Any) -> st.SearchStrategy[Any]:
    """Good requests about anything, good ones about what is there, and bad ones."""
    kinds = [operation.as_strategy(generation_mode=POSITIVE), operation.as_strategy(generation_mode=NEGATIVE)]
    named = {name: value for name, value in THERE.items() if f"{{{name}}}" in operation.path}
    is_harmless = (operation.method.upper(), operation.path) not in DRASTIC and "verif" not in operation.path
    if named and is_harmless:
        kinds.append(operation.as_strategy(generation_mode=POSITIVE, path_parameters=named))
    return st.one_of(kinds)


def test_generated_requests_are_answered_as_described(served: Served, cases: Callable[..., int]) -> None:
    description = served.client.get("openapi.json").json()
    results: list[Any] = list(schemathesis.openapi.from_dict(description).get_all_operations())
    found = [result.ok() for result in results]
    each = -(-cases(100, 10_000) // len(found))
    secret = secret_of(served.store, "walker", Scope.ADMIN)
    asked: Counter[int] = Counter()
    wrong: dict[str, str] = {}
    with requests.Session() as session:
        session.trust_env = False
        for operation in found:
            examine(operation, each, served.url, secret, session, asked, wrong)
            print(f"{sum(asked.values())} {operation.method.upper()} {operation.path} {wrong}", flush=True)
    print(f"{sum(asked.values())} requests: {dict(sorted(asked.items()))}")
    assert not wrong, "\n\n".join(f"{name}\n{words}" for name, words in wrong.items())
    assert sum(asked.values()) >= each * len(found) * 0.5
    assert asked[200] > 0


def examine(
    operation: Any,
    count: int,
    url: str,
    secret: str,
    session: requests.Session,
    asked: Counter[int],
    wrong: dict[str, str],
) -> None:
    """Ask one operation so often; note what is not as described."""

    @hypothesis.settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=cases_of(operation))
    def ask(case: Any) -> None:
        headers = {"authorization": f"Bearer {secret}"}
        answer = case.call(base_url=url, session=session, headers=headers, timeout=60)
        asked[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except BaseException as problem:
            name = f"{operation.method.upper()} {operation.path} {answer.status_code}"
            wrong.setdefault(name, f"{problem}\n{problem.__dict__ if hasattr(problem, '__dict__') else ''}"[:3000])

    ask()
