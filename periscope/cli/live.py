"""Progress while a backtest runs: a bar on a terminal, a line every ten seconds elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from periscope.cli.interruption import Stop, interruptible
from periscope.cli.output import console, remark
from periscope.instruments.times import time_text
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from periscope.runs.progress import Progress

SECONDS_BETWEEN_LINES = 10.0


class Display(Protocol):
    """Takes readings of a run's progress."""

    last: "Progress | None"

    def __call__(self, progress: "Progress") -> None:
        """Show one reading."""


class Silent:
    """Shows nothing, and remembers how far the run came."""

    def __init__(self) -> None:
        self.last: Progress | None = None

    def __call__(self, progress: "Progress") -> None:
        """Remember one reading."""
        self.last = progress


class Lines(Silent):
    """Prints a line on stderr every ten seconds of wall time."""

    def __init__(self) -> None:
        super().__init__()
        self._due = time.monotonic() + SECONDS_BETWEEN_LINES

    def __call__(self, progress: "Progress") -> None:
        """Print the reading if the last line is long enough ago."""
        super().__call__(progress)
        now = time.monotonic()
        if now >= self._due:
            self._due = now + SECONDS_BETWEEN_LINES
            remark(f"{progress.fraction:4.0%}  {describe(progress)}")


class Bar(Silent):
    """Moves a Rich progress bar on stderr."""

    def __init__(self, rich: "RichProgress") -> None:
        super().__init__()
        self._rich = rich
        self._task = rich.add_task("", total=1.0, detail="starting the strategy's process")

    def __call__(self, progress: "Progress") -> None:
        """Show the reading."""
        super().__call__(progress)
        self._rich.update(self._task, completed=progress.fraction, detail=describe(progress))


def describe(progress: "Progress") -> str:
    """One reading in words."""
    parts = [
        time_text(progress.simulation_time)[:16].replace("T", " "),
        counted(progress.bars, "bar"),
        f"{progress.bars_per_second:,.0f} bars/s",
        counted(progress.orders, "order"),
    ]
    if progress.seconds_left is not None:
        parts.append(f"{progress.seconds_left:,.0f} s left")
    return " · ".join(parts)


class Watch:
    """Listens to a running backtest: shows each reading, and lets it go on until Ctrl-C was pressed."""

    def __init__(self, display: Display, stop: Stop) -> None:
        self._display = display
        self._stop = stop

    def __call__(self, progress: "Progress") -> bool:
        """Show a reading; returns whether to go on."""
        self._display(progress)
        return not self._stop.asked

    @property
    def is_stopped(self) -> bool:
        """Whether Ctrl-C was pressed."""
        return self._stop.asked

    @property
    def reached(self) -> str | None:
        """How far the run came, in words."""
        return None if self._display.last is None else describe(self._display.last)


@contextmanager
def watched(*, quiet: bool) -> Iterator[Watch]:
    """While it lasts, progress is shown unless `quiet`, and the first Ctrl-C is a wish to stop, the second the end."""
    with _progress_display(quiet=quiet) as display, interruptible() as stop:
        yield Watch(display, stop)


@contextmanager
def _progress_display(*, quiet: bool) -> Iterator[Display]:
    """The display that fits where stderr goes, or a notebook; a bar disappears when the run is over."""
    if quiet:
        yield Silent()
    elif not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        yield Lines()
    else:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = (BarColumn(bar_width=32), TaskProgressColumn(), TextColumn("{task.fields[detail]}", markup=False))
        with Progress(*columns, console=console(stderr=True), transient=True, refresh_per_second=8) as rich:
            yield Bar(rich)
