"""Small rooms: how long files and functions may be."""

import ast
import re

import pytest

from tests.tidy.source import Source, allowed, sources

MODULE_LINES = 400
FUNCTION_LINES = 60
FOLDERS = ("libs", "periscope", "examples", "benchmarks", "tests")

every_source = pytest.mark.parametrize("source", sources(*FOLDERS), ids=lambda source: source.path)


@every_source
def test_modules_are_short(source: Source) -> None:
    lines = source.text.count("\n")
    if allowed("length", source.path):
        assert lines > MODULE_LINES, f"{source.path} is short enough now: take it out of allowed.toml"
        return
    assert lines <= MODULE_LINES, f"{source.path} has {lines} lines: move a part into a module of its own"


@every_source
def test_functions_are_short(source: Source) -> None:
    long = [
        f"{source.path}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert not long, "; ".join(long)


@every_source
def test_there_are_no_banner_comments(source: Source) -> None:
    banners = [
        f"{source.path}:{number}"
        for number, line in enumerate(source.text.splitlines(), 1)
        if re.match(r"\s*#\s*([-=#*~─═])\1{3,}", line)
    ]
    assert not banners


def _public(body: list[ast.stmt]) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
    ]


@pytest.mark.parametrize("source", sources("libs", "periscope"), ids=lambda source: source.path)
def test_public_things_have_docstrings(source: Source) -> None:
    bare = [
        f"{source.path}:{node.lineno} {node.name}" for node in _public(source.tree.body) if not ast.get_docstring(node)
    ]
    if source.text.strip() and not ast.get_docstring(source.tree):
        bare.append(source.path)
    assert not bare, "say what it is, with shapes, units and errors: " + "; ".join(bare)
