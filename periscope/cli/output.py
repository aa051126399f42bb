"""What the command line says: results on stdout, all else on stderr, and with `--json` one document on stdout."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from periscope.cli.exits import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, all else on stderr.")]
"""The `--json` of every command."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One of several problems behind a failure: a code, the place, and a sentence."""

    code: str
    where: str
    message: str


@dataclass(eq=False)
class CliError(Exception):
    """A command can't go on, for a reason that the user can understand and mend. Raised by `fail`."""

    code: str
    what: str
    exit_code: ExitCode
    where: str = ""
    why: str = ""
    hint: str = ""
    problems: Sequence[Complaint] = field(default_factory=tuple)

    def __str__(self) -> str:
        return self.what

    def text(self) -> str:
        """The failure as it is printed on stderr."""
        lines = [f"error[{self.code}]: {self.what}"]
        for problem in self.problems:
            place = f"{problem.where}: " if problem.where else ""
            lines.append(f"  - {place}{problem.message} [{problem.code}]")
        parts = (("where", self.where), ("why", self.why), ("try", self.hint))
        lines.extend(f"  {name}: {part}" for name, part in parts if part)
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """The failure as the one JSON document of `--json`."""
        problems = [{"code": each.code, "where": each.where, "message": each.message} for each in self.problems]
        return {
            "error": {
                "code": self.code,
                "message": self.what,
                "where": self.where or None,
                "why": self.why or None,
                "try": self.hint or None,
                "problems": problems,
                "exit_code": int(self.exit_code),
            }
        }


def fail(
    code: str,
    what: str,
    *,
    exit_code: ExitCode,
    where: str = "",
    why: str = "",
    hint: str = "",
    problems: Sequence[Complaint] = (),
) -> NoReturn:
    """End the command with an error in the house style: what went wrong, where, why, and what to try."""
    raise CliError(code, what, exit_code, where, why, hint, tuple(problems))


def print_json(document: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def print_long_json(document: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """Print one JSON document whose last key is a list of any length, of which only one item is held at a time."""
    head = json.dumps(document, indent=2, ensure_ascii=False, default=str).removesuffix("\n}")
    sys.stdout.write(f'{head},\n  "{name}": [')
    for number, item in enumerate(items):
        sys.stdout.write(f"{',' if number else ''}\n    {json.dumps(item, ensure_ascii=False, default=str)}")
    sys.stdout.write("\n  ]\n}\n")


def say(text: str = "") -> None:
    """Print a line of the result on stdout, as it is."""
    sys.stdout.write(text + "\n")


def remark(text: str) -> None:
    """Print a line beside the result, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def console(*, stderr: bool = False) -> "Console":
    """A Rich console that colours only a terminal, and honours NO_COLOR and COLUMNS."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)
