"""Who knows instruments: the catalog here, or a server. Commands ask, and need not know which; see `keeper`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Protocol

from periscope.cli.keeper import Document

if TYPE_CHECKING:
    from libs.shared_ipc.src.protocol import AssetType

type Days = tuple[date | None, date | None, date | None]
"""A day, or the first and the last of several."""


class InstrumentsKeeper(Protocol):
    """Instruments and futures roots. Each document says in `catalog` where the catalog is; null on a server."""

    def all(self, asset_type: "AssetType | None", root: str | None, exchange: str | None) -> Document:
        """The instruments of the catalog, and the futures roots that are known."""

    def show(self, symbol: str, asset_type: "AssetType | None", day: date | None) -> Document:
        """All that a symbol can mean, on a day if one is named."""

    def chain(self, root: str, days: Days, count: int, *, serial: bool) -> Document:
        """The contracts of a root."""

    def rolls(self, root: str, by: str, since: date | None, until: date | None) -> Document:
        """When a root passes from one contract to the next."""


@contextmanager
def open_instruments(server: str | None, catalog: str | None) -> Iterator[InstrumentsKeeper]:
    """The server, or the catalog here."""
    if server:
        from periscope.cli.instruments_remote import RemoteInstruments
        from periscope.cli.keeper_remote import asking, is_the_servers

        is_the_servers("--catalog", catalog)
        with asking(server) as client:
            yield RemoteInstruments(client)
        return
    from periscope.cli.instruments_local import LocalInstruments

    yield LocalInstruments(catalog)
