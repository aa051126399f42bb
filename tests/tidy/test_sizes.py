"""Small rooms: how long files and functions may be."""

import ast
import re

from tests.tidy.source import allowed, sources

MODULE_LINES = 400
FUNCTION_LINES = 60
FOLDERS = ("libs", "periscope", "examples", "benchmarks", "tests")


def test_modules_are_short() -> None:
    wrong = []
    for source in sources(*FOLDERS):
        lines = source.text.count("\n")
        if lines > MODULE_LINES and not allowed("length", source.path):
            wrong.append(f"{source.path} has {lines} lines: move a part into a module of its own")
        if lines <= MODULE_LINES and allowed("length", source.path):
            wrong.append(f"{source.path} is short enough now: take it out of allowed.toml")
    assert not wrong, "\n".join(wrong)


def test_functions_are_short() -> None:
    wrong = []
    for source in sources(*FOLDERS):
        for function in source.functions():
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > FUNCTION_LINES:
                wrong.append(f"{source.path}:{function.lineno} {function.name} has {lines} lines")
    assert not wrong, "\n".join(wrong)


def test_there_are_no_banner_comments() -> None:
    banner = re.compile(r"\s*#\s*([-=#*~─═])\1{3,}")
    wrong = [
        f"{source.path}:{number}"
        for source in sources(*FOLDERS)
        for number, line in enumerate(source.text.splitlines(), 1)
        if banner.match(line)
    ]
    assert not wrong, "\n".join(wrong)


def _public(body: list[ast.stmt]) -> list[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)
    ]


def test_public_things_have_docstrings() -> None:
    bare = []
    for source in sources("libs", "periscope"):
        public = _public(source.tree.body)
        bare += [f"{source.path}:{node.lineno} {node.name}" for node in public if not ast.get_docstring(node)]
        if source.text.strip() and not ast.get_docstring(source.tree):
            bare.append(source.path)
    assert not bare, "say what it is, with shapes, units and errors:\n" + "\n".join(bare)
