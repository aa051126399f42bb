"""Who keeps versions and runs: the store of this workspace, or a server. Commands ask, and need not know which.

Both answer with the same documents, which are those of `--json`, and end the command alike where something can't be
done. What commands print is made of these documents alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

type Document = dict[str, Any]

SERVER_VARIABLE = "PERISCOPE_SERVER"
ServerOption = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", envvar=SERVER_VARIABLE, help="Ask this server instead of the workspace."),
]
"""The `--server` of every command that a server can answer."""


class Keeper(Protocol):
    """Versions and runs, wherever they are."""

    look_seconds: float
    """How long to wait between two looks at the same thing."""

    def publish(self, name: str, bundle: Path) -> Document:
        """Keep a bundle's folder as a version."""

    def publish_archive(self, name: str, data: bytes, shown: str) -> Document:
        """Keep what an archive holds as a version. `shown` is what problems call it."""

    def versions(self, strategy: str | None) -> list[Document]:
        """Every version of one strategy or of all, in short."""

    def version(self, reference: str) -> Document:
        """The version that NAME@NUMBER names, or the newest of NAME, with its files."""

    def archive(self, reference: str) -> bytes:
        """That version as an archive, or with NAME@draft what is being edited."""

    def runs(self, *, status: str | None, strategy: str | None, before: int | None, limit: int) -> Document:
        """A page of runs, the newest first."""

    def run(self, number: int) -> Document:
        """Everything about a run but its long lists."""

    def create(self, version: str, config: Any, catalog: str | None) -> Document:
        """A new run."""

    def edit(self, number: int, config: Any, catalog: str | None) -> Document:
        """A new run with another config."""

    def start(self, numbers: Sequence[int], *, catalog: str | None, at_once: int | None) -> list[Document]:
        """Start new runs."""

    def stop(self, number: int) -> Document:
        """Ask an active run to end gracefully."""

    def kill(self, number: int) -> Document:
        """Have an active run ended at once."""

    def reset(self, number: int) -> Document:
        """Put an ended run back to new."""

    def copy(self, number: int) -> Document:
        """A new run of the same version with the same config."""

    def delete(self, number: int) -> None:
        """Remove a run with its results."""

    def issues(self, number: int) -> list[Document]:
        """The issues of a run."""

    def logs(self, number: int, *, after: int, limit: int, search: str | None) -> tuple[list[Document], int, bool]:
        """A page of what the strategy printed, how many lines there are that match, and whether more may come."""

    def table(
        self, number: int, table: str, *, after: int, limit: int, match: Mapping[str, str]
    ) -> tuple[list[Document], int]:
        """A page of orders, fills or trades, and how many there are that match."""

    def report(self, number: int, target: Path) -> None:
        """Write the report as one HTML file."""

    def export(self, number: int, target: Path) -> None:
        """Write everything about an ended run into one ZIP archive, which must not exist."""


@contextmanager
def open_keeper(server: str | None) -> Iterator[Keeper]:
    """The server, or the workspace here; ends the command where there is neither."""
    if server:
        from periscope.cli.keeper_remote import open_remote

        with open_remote(server) as remote:
            yield remote
        return
    from periscope.cli.keeper_local import LocalKeeper
    from periscope.cli.store import open_desk

    with open_desk() as desk:
        yield LocalKeeper(desk)
