"""Bars on a server."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.cli.exits import ExitCode
from periscope.cli.import_display import import_display, refuse_import
from periscope.cli.keeper import Document
from periscope.cli.keeper_remote import all_pages, written
from periscope.cli.output import Complaint, fail, remark
from periscope.client import ApiError, Client
from periscope.market.importers.options import ImportOptions
from periscope.market.quality.documents import CHECKED, counted_quality, not_stored

_REFUSED = {"IMPORT_REFUSED": ExitCode.DATA, "CATALOG_CONFLICT": ExitCode.DATA, "IMPORT_UNCLEAR": ExitCode.USAGE}
_SENDABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_KEPT = 95


class RemoteData:
    """See `DataKeeper`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def series(self) -> Document:
        return {"catalog": None, "series": list(all_pages(self._client, "data/series"))}

    def show(self, symbol: str, asset_type: AssetType | None, span: BarTimeSpan | None, rows: int) -> Document:
        found = self._client.data.show(symbol, asset_type=written(asset_type), span=written(span), rows=rows)
        return {"catalog": None} | found

    def continuous(self, root: str, adjustment: str, span: BarTimeSpan | None, rows: int) -> Document:
        found = self._client.data.continuous(root, adjustment=adjustment, span=written(span), rows=rows)
        return found | {"catalog": None}

    def check(
        self,
        symbols: Sequence[str],
        span: BarTimeSpan | None,
        days: tuple[date | None, date | None],
        accepted: Collection[str],
        report: Path | None,
    ) -> Document:
        if report is not None:
            what = "--report draws bars of this machine; a server keeps its own"
            fail("USAGE", what, exit_code=ExitCode.USAGE, hint="leave out --report")
        wanted = self._to_check(symbols, span)
        series: list[Document] = []
        with import_display() as progress:
            for done, (symbol, asset_type) in enumerate(wanted):
                progress(done, len(wanted), symbol)
                series += self._checked(symbol, asset_type, span, days)
        return counted_quality(series, accepted) | {"catalog": None, "report": None}

    def bring_in(self, path: Path, options: ImportOptions, format_: str | None) -> Document:
        if path.is_dir() or format_ == "lean":
            what = "a server takes single files; a folder of LEAN is imported on its machine"
            fail("USAGE", what, exit_code=ExitCode.USAGE, where=str(path))
        called = _sendable(path.name)
        size = path.stat().st_size
        whole = False

        def sent(done: int, total: int) -> None:
            nonlocal whole
            whole = done == total
            progress(done, total, f"{path.name}: the server imports it" if whole else f"sending {path.name}")

        try:
            with import_display() as progress:
                sent(0, max(size, 1))
                found = self._client.data.upload(path, called, sent=sent, format=format_, **_parameters(options))
        except OSError as problem:
            fail("NOT_READABLE", f"{path} can't be read: {problem.strerror or problem}", exit_code=ExitCode.DATA)
        except KeyboardInterrupt:
            if whole:
                remark("the server has the whole file, and may still import it")
            raise
        except ApiError as error:
            _refuse(error, called, path)
        document: Document = _renamed(found, called, path.name)
        return document | {"catalog": None, "path": str(path)}

    def _to_check(self, symbols: Sequence[str], span: BarTimeSpan | None) -> list[tuple[str, str]]:
        """Symbols and asset types with series to check. A symbol that has none ends the command."""
        names = list(dict.fromkeys(symbol.strip().upper() for symbol in symbols))
        found = dict.fromkeys(
            (line["symbol"], line["asset_type"])
            for line in self.series()["series"]
            if line["data"] in CHECKED and written(span) in {None, line["span"]}
            if not names or line["symbol"] in names
        )
        for name in names:
            if all(symbol != name for symbol, _ in found):
                self._client.data.check(name, span=written(span))  # which says why there is nothing
        if not found:
            raise not_stored(span)
        return list(found)

    def _checked(
        self, symbol: str, asset_type: str, span: BarTimeSpan | None, days: tuple[date | None, date | None]
    ) -> list[Document]:
        kind = AssetType[asset_type].value
        try:
            found = self._client.data.check(symbol, asset_type=kind, span=written(span), start=days[0], end=days[1])
        except ApiError as error:
            if error.code != "NO_BARS":
                raise
            return []
        return list(found["series"])


def _sendable(name: str) -> str:
    """A file's name as the API takes it. One that is changed can't be taken for a symbol, as names of files are."""
    if _SENDABLE.fullmatch(name):
        return name
    return "file_" + re.sub(r"[^A-Za-z0-9._-]", "_", name)[-_MOST_KEPT:]


def _renamed(part: Any, called: str, name: str) -> Any:
    """A document in which a file is called as it is here."""
    if called == name:
        return part
    match part:
        case str():
            return part.replace(called, name)
        case dict():
            return {key: _renamed(value, called, name) for key, value in part.items()}
        case list():
            return [_renamed(value, called, name) for value in part]
    return part


def _refuse(error: ApiError, called: str, path: Path) -> NoReturn:
    """What is wrong with a file, in the words of an import here."""
    if error.code not in _REFUSED or not error.problems:
        raise error
    about, *rows = error.problems
    complaints = [Complaint(row.code, _renamed(row.where, called, path.name), row.message) for row in rows]
    refuse_import(about.code, error.detail.replace(called, str(path), 1), _REFUSED[error.code], complaints)


def _parameters(options: ImportOptions) -> dict[str, Any]:
    marks = {None: None, ".": "point", ",": "comma"}
    named = {name: written(value) for name, value in asdict(options).items()}
    numbers = {
        name: f"{value:f}" for name, value in (("tick", options.tick), ("multiplier", options.multiplier)) if value
    }
    return named | numbers | {"decimal": marks[options.decimal]}
