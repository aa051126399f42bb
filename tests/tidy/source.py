"""The project's own source files as syntax trees, for the tests beside this file."""

import ast
import builtins
import gc
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALLOWED: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "allowed.toml").read_text())
"""Rule: file: the reason why that file may break the rule."""


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the project."""

    path: str

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text()

    @cached_property
    def tree(self) -> ast.Module:
        # The collector would look through all kept trees again and again, which takes twice as long as parsing.
        gc.disable()
        try:
            return ast.parse(self.text, self.path)
        finally:
            gc.freeze()
            gc.enable()

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, methods and inner functions included; expressions, which hold none, are not looked into."""
        found: list[ast.AST] = [self.tree]
        while found:
            node = found.pop()
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node
            for part in ("body", "handlers", "orelse", "finalbody", "cases"):
                found += getattr(node, part, ())

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def room(self) -> str:
        """`libs`, or the name of the part of Periscope it belongs to (`engine`, `cli`, ...)."""
        parts = self.path.split("/")
        return parts[1].removesuffix(".py") if parts[0] == "periscope" else parts[0]

    @cached_property
    def imports(self) -> tuple[tuple[str, int], ...]:
        """The dotted name and line of everything imported anywhere in the file; `from a import b` gives `a.b`."""
        found: list[tuple[str, int]] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found += ((f"{self._origin(node)}.{alias.name}", node.lineno) for alias in node.names)
        return tuple(found)

    def names(self) -> dict[str, str]:
        """What each imported name of the file stands for: `np` for `numpy`, `now` for `time.time`."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{self._origin(node)}.{alias.name}" for alias in node.names}
        return found

    def _origin(self, node: ast.ImportFrom) -> str:
        """The full name of the module that a `from` import takes from."""
        if node.level == 0:
            return node.module or ""
        package = self.path.removesuffix(".py").split("/")[: -node.level]
        return ".".join([*package, *([node.module] if node.module else [])])


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file under the folders, in a stable order."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    names = (path.relative_to(ROOT).as_posix() for path in sorted(paths) if "__pycache__" not in path.parts)
    return tuple(source_of(name) for name in names)


@cache
def source_of(path: str) -> Source:
    """One file, read and parsed once however many tests look at it."""
    return Source(path)


def allowed(rule: str, path: str) -> bool:
    """Whether allowed.toml lets the file break the rule."""
    return path in ALLOWED.get(rule, {})


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full dotted name that an expression like `np.random.rand` stands for, given what the file imports.

    "" for other expressions, and for names that the file made itself.
    """
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    origin = names.get(node.id) or (node.id if hasattr(builtins, node.id) else "")
    return ".".join([origin, *reversed(parts)]) if origin else ""
