"""The project's own source files as syntax trees, for the tests beside this file."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
        return ast.parse(self.text, self.path)

    @property
    def module(self) -> str:
        """The dotted name under which it is imported."""
        return self.path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    @property
    def room(self) -> str:
        """`libs`, or the name of the part of Periscope it belongs to (`engine`, `cli`, ...)."""
        parts = self.path.split("/")
        return parts[1].removesuffix(".py") if parts[0] == "periscope" else parts[0]

    def imports(self) -> Iterator[tuple[str, int]]:
        """The dotted name and line of everything imported anywhere in the file; `from a import b` gives `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: write the import's full name"
                yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)

    def names(self) -> dict[str, str]:
        """What each imported name of the file stands for: `np` for `numpy`, `now` for `time.time`."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    first = alias.name.split(".")[0]
                    found[alias.asname or first] = alias.name if alias.asname else first
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found


def sources(*folders: str) -> list[Source]:
    """Every Python file under the folders, in a stable order."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [Source(path.relative_to(ROOT).as_posix()) for path in sorted(paths) if "__pycache__" not in path.parts]


def allowed(rule: str, path: str) -> bool:
    """Whether allowed.toml lets the file break the rule."""
    return path in ALLOWED.get(rule, {})


def dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The full dotted name that an expression like `np.random.rand` stands for, "" for other expressions."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([names.get(node.id, node.id), *reversed(parts)])
