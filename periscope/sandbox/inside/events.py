"""Turning a block's columns into the bar events that a strategy sees, in bulk."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact
from itertools import repeat
from typing import Any

from libs.shared_ipc.src.protocol import AssetType, BarEvent, StrategyBar

from .wire import BlockHead, ScalingRow

CHUNK = 512
"""Rows that are turned into events at once: enough to be fast, few enough to stay in the processor's cache."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_CACHED = 65_536
_EXACT = Context(prec=60)
"""Not the context of the user's code, which may keep few digits."""
_WIDE = Context(prec=200, traps=[Inexact])
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
    """Decimals by the integer that stands for them; prices repeat, so most are made once.

    The arithmetic is that of `periscope.instruments.scaling`, which this process does not have.
    """

    def __init__(self, scaling: ScalingRow) -> None:
        super().__init__()
        self._digits = scaling.digits
        self._numerator = int(scaling.numerator)
        self._denominator = int(scaling.denominator)
        self._places = scaling.places
        self.is_plain = self._numerator == self._denominator

    def __missing__(self, value: int) -> Decimal:
        if len(self) >= _MOST_CACHED:
            self.clear()
        made = self[value] = Decimal(value).scaleb(-self._digits, _EXACT) if self.is_plain else self._scaled(value)
        return made

    @property
    def are_whole(self) -> bool:
        """Whether every integer stands for itself."""
        return self.is_plain and self._digits == 0

    def _scaled(self, value: int) -> Decimal:
        places = self._places
        if places is None:
            return _WIDE.divide(value * self._numerator, self._denominator * int(10**self._digits))
        whole = self._denominator * int(10**self._digits)
        quotient, rest = divmod(value * self._numerator * int(10**places), whole)
        twice = 2 * rest - whole
        return Decimal(quotient + (twice > 0 or (twice == 0 and quotient % 2 == 1))).scaleb(-places, _EXACT)


def moment(time: int) -> datetime:
    """The aware UTC datetime of `time` microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=time)


def microseconds(time: datetime) -> int:
    """Microseconds from 1970 to an aware datetime."""
    return (time - _EPOCH) // timedelta(microseconds=1)


class EventFactory:
    """Makes the events of one block after the other; keeps the Decimals that prices repeat."""

    def __init__(self) -> None:
        self._caches: dict[ScalingRow, _Decimals] = {}
        self._columns: list[memoryview] = []
        self._prices: dict[int, _Decimals] = {}
        self._sizes: dict[int, _Decimals] = {}
        self._names: dict[int, tuple[str, AssetType]] = {}
        self.rows = 0

    def load(self, head: BlockHead, columns: memoryview) -> None:
        """Take a new block: eight columns of `head.rows` integers each."""
        self.rows = head.rows
        self._prices = {row.number: self._cache(row.price) for row in head.streams}
        self._sizes = {row.number: self._cache(row.volume) for row in head.streams}
        self._names = {row.number: (row.symbol, AssetType(row.asset_type)) for row in head.streams}
        size = head.rows * 8
        self._columns = [columns[index * size : (index + 1) * size].cast("q") for index in range(8)]

    def events(self, low: int, high: int) -> list[Any]:
        """The events of rows [low, high)."""
        start, end, stream, *prices, volume = [column[low:high].tolist() for column in self._columns]
        ends = _times(end)
        starts = _starts(start, end, ends)
        if len(self._names) == 1:
            ((number, (symbol, asset_type)),) = self._names.items()
            made: list[Iterable[Decimal]] = [map(self._prices[number].__getitem__, column) for column in prices]
            volumes = _volumes(volume, self._sizes[number])
            bars = list(map(_Bar, starts, *made, volumes))
            events: list[Any] = list(map(_Event, ends, repeat(symbol), repeat(asset_type), bars))
        else:
            caches = [self._prices[number] for number in stream]
            made = [[cache[value] for cache, value in zip(caches, column, strict=True)] for column in prices]
            volumes = [
                None if value < 0 else self._sizes[number][value] for value, number in zip(volume, stream, strict=True)
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

    def _cache(self, scaling: ScalingRow) -> _Decimals:
        found = self._caches.get(scaling)
        if found is None:
            found = self._caches[scaling] = _Decimals(scaling)
        return found


def _volumes(volumes: list[int], decimals: _Decimals) -> Iterable[Decimal | None]:
    if decimals.are_whole and min(volumes) >= 0:
        return map(Decimal, volumes)
    return [None if value < 0 else decimals[value] for value in volumes]


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
