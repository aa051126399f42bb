"""Reading Databento's files (DBN, plain or zstd): their metadata and records, piece by piece, with Databento's library.

Source of what the fields mean: Databento, "Databento Binary Encoding" and "Schemas and conventions"
(databento.com/docs), and the documentation of the library databento-dbn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import databento_dbn as dbn

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.market.importers.findings import ImportProblem, is_panic
from periscope.market.importers.opening import Unpacked

PRICE_SCALE = 9
"""Prices are integers of a thousand millionth."""

UNDEFINED_PRICE = dbn.UNDEF_PRICE
UNDEFINED_TIME = dbn.UNDEF_TIMESTAMP

SPANS = {
    "ohlcv-1s": BarTimeSpan.SECOND,
    "ohlcv-1m": BarTimeSpan.MINUTE,
    "ohlcv-1h": BarTimeSpan.HOUR,
    "ohlcv-1d": BarTimeSpan.DAY,
}
"""The spans of the kinds of bars, by the name of their record type."""

FUTURES_DATASETS = frozenset({"GLBX.MDP3", "IFEU.IMPACT", "IFUS.IMPACT", "IFLL.IMPACT", "NDEX.IMPACT", "XEUR.EOBI"})
"""Datasets of futures exchanges; those of OPRA are options, all others hold shares."""

_BYTES_AT_ONCE = 4 << 20
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which symbol an instrument number stands for, from a day on until another (days since 1970-01-01, UTC)."""

    instrument_id: int
    first_day: int
    until_day: int
    symbol: str


@dataclass(frozen=True, slots=True)
class DbnHeader:
    """What a file says before its records. `symbol_kind` is how its symbols were asked for, such as raw_symbol."""

    dataset: str
    schema: str | None
    symbol_kind: str
    mappings: tuple[Mapping, ...]


class DbnReader:
    """The records of one file. Raises `ImportProblem` BAD_FILE for one that can't be decoded or that breaks off."""

    def __init__(self, content: Unpacked, path: Path) -> None:
        self._content = content
        self._path = path
        self._decoder = dbn.DBNDecoder()
        self._pending: list[Any] = []
        self._records = 0
        self.header = self._read_header()

    def batches(self) -> Iterator[list[Any]]:
        """All records, in order, in lists of bounded size."""
        while True:
            if self._pending:
                self._records += len(self._pending)
                yield self._pending
            data = self._content.read(_BYTES_AT_ONCE)
            if not data:
                break
            self._pending = self._decode(data)
        left = len(self._decoder.buffer())
        if left > 0:
            what = f"{self._path} breaks off {left} bytes into record {self._records + 1}"
            raise ImportProblem("BAD_FILE", f"{what}: it was not downloaded or copied whole")

    def _read_header(self) -> DbnHeader:
        found: list[Any] = []
        while not found:
            data = self._content.read(_BYTES_AT_ONCE)
            if not data:
                raise ImportProblem("BAD_FILE", f"{self._path} ends before the DBN metadata does")
            found = self._decode(data)
        metadata, self._pending = found[0], found[1:]
        if not isinstance(metadata, dbn.Metadata):
            raise ImportProblem("BAD_FILE", f"{self._path} has no DBN metadata")
        return DbnHeader(
            dataset=metadata.dataset,
            schema=None if metadata.schema is None else str(metadata.schema),
            symbol_kind="" if metadata.stype_in is None else str(metadata.stype_in),
            mappings=tuple(_mappings(metadata)),
        )

    def _decode(self, data: bytes) -> list[Any]:
        try:
            self._decoder.write(data)
            return self._decoder.decode()
        except BaseException as error:
            if not (isinstance(error, dbn.DBNError | ValueError | OverflowError) or is_panic(error)):
                raise
            place = f" after record {self._records}" if self._records else ""
            raise ImportProblem("BAD_FILE", f"{self._path} can't be decoded as DBN{place}: {error}") from None


def _mappings(metadata: dbn.Metadata) -> Iterator[Mapping]:
    for symbol, intervals in metadata.mappings.items():
        for interval in intervals:
            number = str(interval["symbol"])
            if number.isdecimal():
                first, until = (_day(interval[name]) for name in ("start_date", "end_date"))
                yield Mapping(int(number), first, until, symbol)


def _day(value: date) -> int:
    return (value - _EPOCH).days
