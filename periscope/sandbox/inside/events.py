"""Turning a block's columns into the bar events that a strategy sees, in bulk."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from itertools import repeat
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarEvent, StrategyBar

from .wire import BlockHead, StreamRow

CHUNK = 512
"""Rows that are turned into events at once: enough to be fast, few enough to stay in the processor's cache."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_CACHED = 65_536
_EXACT = Context(prec=60)
"""Not the context of the user's code, which may keep few digits."""
_SECOND = 1_000_000


class _Bar:
    """Twin of StrategyBar that can be filled; it becomes the frozen class by its `__class__`."""

    __slots__ = ("close", "high", "low", "open", "timestamp", "volume")

    def __init__(
        self, timestamp: datetime, o: Decimal, h: Decimal, low: Decimal, c: Decimal, v: Decimal | None
    ) -> None:
        self.timestamp = timestamp
        self.open = o
        self.high = h
        self.low = low
        self.close = c
        self.volume = v


class _Event:
    """Twin of BarEvent, see `_Bar`."""

    __slots__ = ("asset_type", "bar", "simulation_time", "symbol")

    def __init__(self, time: datetime, symbol: str, asset_type: AssetType, bar: Any) -> None:
        self.simulation_time = time
        self.symbol = symbol
        self.asset_type = asset_type
        self.bar = bar


class _Decimals(dict[int, Decimal]):
    """Decimals by their scaled integer; prices repeat, so most are made once."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self._scale = scale

    def __missing__(self, value: int) -> Decimal:
        if len(self) >= _MOST_CACHED:
            self.clear()
        made = self[value] = Decimal(value).scaleb(-self._scale, _EXACT)
        return made


def moment(time: int) -> datetime:
    """The aware UTC datetime of `time` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=time)


def microseconds(time: datetime) -> int:
    """Microseconds from 1970 to an aware datetime."""
    return (time - _EPOCH) // timedelta(microseconds=1)


class EventFactory:
    """Makes the events of one block after the other; keeps the Decimals that prices repeat."""

    def __init__(self) -> None:
        self._caches: dict[int, _Decimals] = {}
        self._columns: list[memoryview] = []
        self._streams: dict[int, StreamRow] = {}
        self._names: dict[int, tuple[str, AssetType]] = {}
        self.rows = 0

    def load(self, head: BlockHead, columns: memoryview) -> None:
        """Take a new block: eight columns of `head.rows` integers each."""
        self.rows = head.rows
        self._streams = {row.number: row for row in head.streams}
        self._names = {row.number: (row.symbol, AssetType(row.asset_type)) for row in head.streams}
        size = head.rows * 8
        self._columns = [columns[index * size : (index + 1) * size].cast("q") for index in range(8)]

    def events(self, low: int, high: int) -> list[Any]:
        """The events of rows [low, high)."""
        start, end, stream, *prices, volume = [column[low:high].tolist() for column in self._columns]
        ends = _times(end)
        starts = _starts(start, end, ends)
        if len(self._streams) == 1:
            (row,) = self._streams.values()
            cache = self._cache(row.price_scale)
            made: list[Iterable[Decimal]] = [map(cache.__getitem__, column) for column in prices]
            volumes = self._volumes(volume, row.volume_scale)
            symbol, asset_type = self._names[row.number]
            bars = list(map(_Bar, starts, *made, volumes))
            events: list[Any] = list(map(_Event, ends, repeat(symbol), repeat(asset_type), bars))
        else:
            caches = [self._cache(self._streams[number].price_scale) for number in stream]
            made = [[cache[value] for cache, value in zip(caches, column, strict=True)] for column in prices]
            scales = [self._streams[number].volume_scale for number in stream]
            volumes = [
                None if value < 0 else self._cache(scale)[value] for value, scale in zip(volume, scales, strict=True)
            ]
            names = [self._names[number] for number in stream]
            bars = list(map(_Bar, starts, *made, volumes))
            events = [
                _Event(time, symbol, asset_type, bar)
                for time, (symbol, asset_type), bar in zip(ends, names, bars, strict=True)
            ]
        for bar in bars:
            bar.__class__ = StrategyBar  # type: ignore[assignment]
        for event in events:
            event.__class__ = BarEvent
        return events

    def stream_of(self, row: int) -> int:
        """Number of the stream that row belongs to."""
        return int(self._columns[2][row])

    def _cache(self, scale: int) -> _Decimals:
        found = self._caches.get(scale)
        if found is None:
            found = self._caches[scale] = _Decimals(scale)
        return found

    def _volumes(self, volumes: list[int], scale: int) -> Iterable[Decimal | None]:
        if scale == 0 and min(volumes) >= 0:
            return map(Decimal, volumes)
        cache = self._cache(scale)
        return [None if value < 0 else cache[value] for value in volumes]


def _starts(values: list[int], ends: list[int], moments: list[datetime]) -> list[datetime]:
    """Datetimes of bars' starts, most of which are the end of the bar before."""
    known = dict(zip(ends, moments, strict=True))
    return [known.get(value) or moment(value) for value in values]


def _times(values: list[int]) -> list[datetime]:
    """Datetimes of microsecond times; whole seconds take the fast road."""
    seconds = [value // _SECOND for value in values]
    if sum(values) == sum(seconds) * _SECOND:
        return list(map(datetime.fromtimestamp, seconds, repeat(UTC)))
    return [moment(value) for value in values]
