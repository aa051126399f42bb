"""Every code with which the API can refuse has its row."""

import ast
from collections.abc import Iterator

from periscope.server.codes import API_CODES
from tests.tidy.source import Source, sources

NOT_OVER_HTTP = {"STORE_EXISTS"}


def codes_in(source: Source, *makers: str) -> Iterator[str]:
    """The first arguments of calls of these names, where they are plain text."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in makers and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_every_refusal_has_a_row() -> None:
    server = {code for each in sources("periscope/server") for code in codes_in(each, "ProblemError", "Refused")}
    store = {code for each in sources("periscope/runs") for code in codes_in(each, "Refused")}
    assert server | store
    assert sorted((server | store) - API_CODES.keys() - NOT_OVER_HTTP) == []


def test_the_status_of_a_row_is_one_of_refusing_or_failing() -> None:
    for code, known in API_CODES.items():
        assert code.isupper()
        assert 400 <= known.status < 600
        assert known.title[0].isupper()
        assert known.mend
