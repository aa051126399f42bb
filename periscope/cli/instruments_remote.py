"""Instruments of a server's catalog, and the futures roots that it knows."""

from datetime import date

from libs.shared_ipc.src.protocol import AssetType
from periscope.cli.instruments_keeper import Days
from periscope.cli.keeper import Document
from periscope.cli.keeper_remote import written
from periscope.client import Client


class RemoteInstruments:
    """See `InstrumentsKeeper`."""

    def __init__(self, client: Client) -> None:
        self._calls = client.instruments

    def all(self, asset_type: AssetType | None, root: str | None, exchange: str | None) -> Document:
        stored = self._calls.list(asset_type=written(asset_type), root=root, exchange=exchange)
        roots = self._calls.roots(exchange=exchange) if asset_type in {None, AssetType.FUTURE} else ()
        return {
            "catalog": None,
            "instruments": list(stored),
            "roots": [each for each in roots if root in {None, each["root"]}],
        }

    def show(self, symbol: str, asset_type: AssetType | None, day: date | None) -> Document:
        return {"catalog": None} | self._calls.get(symbol.strip(), asset_type=written(asset_type), on=day)

    def chain(self, root: str, days: Days, count: int, *, serial: bool) -> Document:
        on, start, end = days
        found = self._calls.chain(root.strip(), on=on, start=start, end=end, count=count, serial=serial)
        return {"catalog": None} | found

    def rolls(self, root: str, by: str, since: date | None, until: date | None) -> Document:
        return {"catalog": None} | self._calls.rolls(root.strip(), by=by, start=since, end=until)
