"""Instruments of a catalog here, and the futures roots that are known without one."""

import os
from datetime import date
from pathlib import Path

from libs.shared_ipc.src.protocol import AssetType
from periscope.cli.instruments_keeper import Days
from periscope.cli.keeper import Document
from periscope.cli.workspace import CATALOG_VARIABLE, find_catalog, find_workspace
from periscope.market.catalog import Catalog


class LocalInstruments:
    """See `InstrumentsKeeper`."""

    def __init__(self, catalog: str | None) -> None:
        self._named = catalog

    def all(self, asset_type: AssetType | None, root: str | None, exchange: str | None) -> Document:
        from periscope.market.instrument_documents import root_document, stored_document
        from periscope.market.instrument_lookup import known_roots, stored_instruments

        where, catalog = self._open()
        stored = stored_instruments(catalog, asset_type, root, exchange)
        return {
            "catalog": where,
            "instruments": [stored_document(each, None) for each in stored],
            "roots": [root_document(product, None) for product in known_roots(asset_type, root, exchange)],
        }

    def show(self, symbol: str, asset_type: AssetType | None, day: date | None) -> Document:
        from periscope.market.instrument_lookup import found_document

        where, catalog = self._open()
        return {"catalog": where} | found_document(catalog, symbol, asset_type, day)

    def chain(self, root: str, days: Days, count: int, *, serial: bool) -> Document:
        from periscope.market.instrument_lookup import chain_document

        where, catalog = self._open()
        return {"catalog": where} | chain_document(catalog, root, days, count, serial=serial)

    def rolls(self, root: str, by: str, since: date | None, until: date | None) -> Document:
        from periscope.market.roll_documents import rolls_document

        opened = Catalog.open(find_catalog(self._named, must_exist=True))
        return {"catalog": opened.files.where} | rolls_document(opened, root, by, since, until)

    def _open(self) -> tuple[str | None, Catalog | None]:
        """The catalog and its place; none where there is no catalog and none was named."""
        named = self._named is not None or bool(os.environ.get(CATALOG_VARIABLE))
        if not named and find_workspace() is None:
            return None, None
        root = find_catalog(self._named, must_exist=named)
        is_there = isinstance(root, str) or Path(root).is_dir()
        return (str(root), Catalog.open(root)) if is_there else (None, None)
