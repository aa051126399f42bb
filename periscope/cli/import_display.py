"""What is said of an import: progress on stderr, a bar on a terminal, a line every ten seconds elsewhere; refusals."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from periscope.cli.exits import ExitCode
from periscope.cli.live import SECONDS_BETWEEN_LINES
from periscope.cli.output import Complaint, console, fail, remark

if TYPE_CHECKING:
    from rich.console import Console

    from periscope.market.importers.storing import Progress


@contextmanager
def import_display() -> "Iterator[Progress]":
    """What an import tells its progress to: how much is done, how much there is, what is being read.

    Files count in bytes, folders in files.
    """
    screen = console(stderr=True)
    if screen.is_terminal:
        with _bar(screen) as progress:
            yield progress
    else:
        yield _Lines()


class _Lines:
    """Prints a line every ten seconds of wall time."""

    def __init__(self) -> None:
        self._due = time.monotonic() + SECONDS_BETWEEN_LINES

    def __call__(self, done: int, total: int, label: str) -> None:
        """Print where the import is if the last line is long enough ago."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + SECONDS_BETWEEN_LINES
            remark(f"{done / max(total, 1):4.0%}  {_amount(done)} of {_amount(total)} · {label}")


@contextmanager
def _bar(screen: "Console") -> "Iterator[Progress]":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        TextColumn("{task.fields[amount]} · {task.description}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=screen, transient=True, refresh_per_second=8) as rich:
        task = rich.add_task("reading", total=None, amount="")

        def show(done: int, total: int, label: str) -> None:
            amount = f"{_amount(done)} of {_amount(total)}"
            rich.update(task, completed=done, total=total, description=label, amount=amount)

        yield show


def _amount(count: int) -> str:
    """A count of bytes in megabytes; small counts, which may be of files, as they are."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count:,}"


def refuse_import(code: str, headline: str, exit_code: ExitCode, rows: Sequence[Complaint]) -> NoReturn:
    """End the command with why nothing was imported, and the rows at fault."""
    hint = "mend the file, or import the other rows with --skip-bad-rows" if rows else ""
    fail(code, headline, exit_code=exit_code, hint=hint, problems=rows)
