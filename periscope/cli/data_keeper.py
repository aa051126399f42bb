"""Who has bars: the catalog here, or a server. Commands ask, and need not know which; see `keeper`."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from periscope.cli.keeper import Document

if TYPE_CHECKING:
    from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
    from periscope.market.importers.options import ImportOptions

CatalogOption = Annotated[
    str | None, typer.Option("--catalog", help="The catalog's folder or address. Without it: the workspace's.")
]
"""The `--catalog` of commands that look at data here."""


class DataKeeper(Protocol):
    """Bars, wherever they are. Each document says in `catalog` where that is; null on a server."""

    def series(self) -> Document:
        """Everything that is stored, in short."""

    def show(self, symbol: str, asset_type: "AssetType | None", span: "BarTimeSpan | None", rows: int) -> Document:
        """The instruments of a symbol: facts, what is stored, so many bars at each end."""

    def continuous(self, root: str, adjustment: str, span: "BarTimeSpan | None", rows: int) -> Document:
        """A futures root as one series."""

    def check(
        self,
        symbols: Sequence[str],
        span: "BarTimeSpan | None",
        days: tuple[date | None, date | None],
        accepted: Collection[str],
        report: Path | None,
    ) -> Document:
        """What is wrong with bars and quote bars from one day to another, both included."""

    def bring_in(self, path: Path, options: "ImportOptions", format_: str | None) -> Document:
        """Import a file, or a folder of LEAN."""


@contextmanager
def open_data(server: str | None, catalog: str | None) -> Iterator[DataKeeper]:
    """The server, or the catalog here."""
    if server:
        from periscope.cli.data_remote import RemoteData
        from periscope.cli.keeper_remote import asking, is_the_servers

        is_the_servers("--catalog", catalog)
        with asking(server) as client:
            yield RemoteData(client)
        return
    from periscope.cli.data_local import LocalData

    yield LocalData(catalog)
