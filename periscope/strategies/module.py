"""One parsed Python file: what its names stand for, its classes, its calls. Nothing is ever run."""

import ast
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from periscope.strategies.problems import Problem, file_problem, printable, shorten

_BLOCKS = (ast.If, ast.Try, ast.With, ast.For, ast.While)


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed file. `names` maps each imported name to what it stands for, such as `datetime.datetime`."""

    file: str
    tree: ast.Module
    names: dict[str, str]

    def problem(self, code: str, node: ast.AST, where: str, rule: str, mend: str) -> Problem:
        """A problem at a node's line and column, both counted from 1."""
        line, column = getattr(node, "lineno", None), getattr(node, "col_offset", None)
        return Problem(code, self.file, line, None if column is None else column + 1, where, rule, mend)

    def dotted(self, node: ast.expr) -> str | None:
        """What an expression of names and dots stands for, such as `datetime.datetime.now`; None for any other."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        return ".".join([self.names.get(node.id, node.id), *reversed(parts)])

    def classes(self) -> dict[str, ast.ClassDef]:
        """The classes at the module's level, inside `if` and `try` too; the last of a name counts."""
        return {node.name: node for node in _statements(self.tree.body) if isinstance(node, ast.ClassDef)}

    def calls(self) -> list[ast.Call]:
        """Every call in the file, in the order of its lines."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return sorted(found, key=lambda call: (call.lineno, call.col_offset))


def parse_module(file: str, source: str) -> Module | Problem:
    """The parsed file, or where it stops being Python."""
    if "\0" in source:
        first = source.count("\n", 0, source.index("\0")) + 1
        rule = "does not parse: it contains null bytes"
        return Problem("MODULE_NOT_PARSED", file, first, None, "", rule, "Save the file as UTF-8 text.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source, file)
    except SyntaxError as error:
        line, column = error.lineno, error.offset
        rule = f"does not parse: {error.msg}"
        return Problem(
            "MODULE_NOT_PARSED", file, line, column, _line(source, line), rule, "Mend the line, or the one above."
        )
    except (RecursionError, MemoryError, ValueError):
        rule = "does not parse: it is nested too deeply"
        return file_problem("MODULE_NOT_PARSED", file, rule, "Split the longest expression.")
    return Module(file, tree, _imported(tree))


def _line(source: str, line: int | None) -> str:
    lines = source.splitlines()
    return printable(lines[line - 1].strip()) if line is not None and 0 < line <= len(lines) else ""


def _imported(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _BLOCKS):
            for field in ("finalbody", "orelse", "body"):
                waiting.extend(reversed(getattr(node, field, [])))


def source_of(node: ast.AST) -> str:
    """The code of a node, on one line and not too long, for a message."""
    try:
        return shorten(" ".join(ast.unparse(node).split()))
    except RecursionError:
        return "..."


def unknown_imports(module: Module, importable: set[str]) -> Iterator[Problem]:
    """Imports of what is neither in the standard library, nor in the SDK, nor among what is `importable` besides."""
    known = sys.stdlib_module_names | {"libs"} | importable
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            wanted = [] if node.level or not node.module else [node.module]
        else:
            continue
        for name in wanted:
            if name.partition(".")[0] not in known:
                rule = f"expected a module of the standard library, the SDK or this bundle, found {name}"
                mend = "A run finds it only where the operator installed and allowed it."
                yield module.problem("IMPORT_NOT_FOUND", node, f"import {name}", rule, mend)
