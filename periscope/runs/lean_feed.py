"""The catalog as QuantConnect LEAN would read it: its hours, its ends of bars, its quotes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import override
from zoneinfo import ZoneInfo

import numpy as np

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.settings import Profile, Settings
from periscope.instruments.instrument import Instrument
from periscope.instruments.lean_hours import LeanSessions
from periscope.instruments.sessions import MICROSECONDS_PER_SECOND, ExchangeSessions, sessions_for
from periscope.market.adjustment import Adjustment
from periscope.market.bar_files import take
from periscope.market.catalog import Catalog
from periscope.market.columns import NO_PRICE, Columns, IntColumn, QuoteColumns
from periscope.market.importers.lean_hours import read_lean_hours
from periscope.market.series import BarSeries, QuoteSeries
from periscope.runs.feed import CatalogFeed

_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_AROUND = timedelta(days=20)
"""Sessions are made for so many days before and after the run's window."""
_SIDES = (
    ("bid_open", "bid_high", "bid_low", "bid_close", "bid_size"),
    ("ask_open", "ask_high", "ask_low", "ask_close", "ask_size"),
)


class LeanFeed(CatalogFeed):
    """A window of a catalog by LEAN's rules.

    - Hours are those of LEAN's market-hours database, which an import from its folder keeps with the catalog. Where
      there are none, ours.
    - A daily bar lasts the regular session of its date; dates without one have none. An hour bar lasts the whole hour.
    - A bar is in the run if it overlaps a session of the run's hours.
    - A quote bar that lacks a side has that of the quote bar before it.
    - A contract, or an equity that ceases to trade, is there until the end of its last date.
    """

    def __init__(
        self, catalog: Catalog, start: int, end: int, *, extended: bool, adjustment: Adjustment = Adjustment.RAW
    ) -> None:
        super().__init__(catalog, start, end, extended=extended, adjustment=adjustment)
        self._lean_hours: dict[tuple[str, AssetType, bool], ExchangeSessions] = {}
        self._instruments: dict[tuple[str, AssetType], Instrument] = {}

    @override
    def get(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument, with the end of its last date as its end."""
        found = super().get(symbol, asset_type)
        return None if found is None else self._as_lean(found)

    @override
    def series(self, instrument: Instrument, span: BarTimeSpan) -> BarSeries | None:
        """The stored bars of a span; LEAN makes none of finer ones."""
        if span not in self.spans(instrument):
            return None
        self.read[*instrument.key, span] = instrument
        chunks = self._catalog.all_bars(instrument, span, self._from, self._to, chunk_rows=self._rows_at_once)
        return BarSeries(self._timed(instrument, span, chunks), self.adjusted(instrument).scalings(instrument))

    @override
    def quotes(self, instrument: Instrument, span: BarTimeSpan) -> QuoteSeries | None:
        """The quote bars of a span, with both sides."""
        if span not in self._catalog.quote_spans(instrument):
            return None
        chunks = self._catalog.all_quotes(instrument, span, self._from, self._to, chunk_rows=self._rows_at_once)
        return QuoteSeries(
            _filled(self._timed(instrument, span, chunks)), self.adjusted(instrument).scalings(instrument)
        )

    @override
    def starts(self, instrument: Instrument, span: BarTimeSpan) -> Iterator[IntColumn]:
        """The starts of the window's bars of a stored span, in pieces."""
        chunks = self._catalog.all_bars(instrument, span, self._from, self._to)
        return (chunk.start for chunk in self._timed(instrument, span, chunks))

    @override
    def sessions(self, instrument: Instrument) -> ExchangeSessions:
        """LEAN's sessions in the run's hours."""
        return self._hours(instrument, extended=self._extended)

    @override
    def regular_sessions(self, instrument: Instrument) -> ExchangeSessions:
        """LEAN's regular sessions."""
        return self._hours(instrument, extended=False)

    @override
    def extended_sessions(self, instrument: Instrument) -> ExchangeSessions:
        """LEAN's extended sessions."""
        return self._hours(instrument, extended=True)

    @override
    def _has_bars(self, instrument: Instrument, span: BarTimeSpan) -> bool:
        chunks = self._catalog.all_bars(instrument, span, self._from, self._to, chunk_rows=1024)
        return next(self._timed(instrument, span, chunks), None) is not None

    @property
    def _from(self) -> int:
        return self.start - _DAY

    @property
    def _to(self) -> int:
        return self.end + _DAY

    def _hours(self, instrument: Instrument, *, extended: bool) -> ExchangeSessions:
        key = (*instrument.key, extended)
        found = self._lean_hours.get(key)
        if found is None:
            hours = read_lean_hours(self._catalog.files, instrument)
            if hours is None:
                found = sessions_for(instrument.exchange, extended=extended)
            else:
                first, last = (date_of(at, ZoneInfo(hours.zone)) for at in (self.start, self.end))
                found = LeanSessions(hours, first - _AROUND, last + _AROUND, extended=extended)
            self._lean_hours[key] = found
        return found

    def _as_lean(self, instrument: Instrument) -> Instrument:
        key = instrument.key
        if key not in self._instruments:
            ends = instrument.expires_at
            if ends is not None:
                zone = self.regular_sessions(instrument).zone
                ends = midnight_of(date_of(ends - 1, zone) + timedelta(days=1), zone)
            self._instruments[key] = replace(instrument, expires_at=ends)
        return self._instruments[key]

    def _timed[C: Columns](self, instrument: Instrument, span: BarTimeSpan, chunks: Iterator[C]) -> Iterator[C]:
        """The rows of the window and of the run's hours, with LEAN's starts and ends."""
        sessions = self.regular_sessions(instrument) if span is BarTimeSpan.DAY else self.sessions(instrument)
        for chunk in chunks:
            start, end = chunk.start, chunk.end
            if span is BarTimeSpan.DAY:
                start, end = _whole_days(end, sessions)
            elif span is BarTimeSpan.HOUR:
                start = start // _HOUR * _HOUR
                end = start + _HOUR
            kept = (start >= self.start) & (end <= self.end) & sessions.overlap_mask(start, end)
            if bool(kept.any()):
                yield take(_with_times(chunk, start, end), kept)


def _with_times[C: Columns](chunk: C, start: IntColumn, end: IntColumn) -> C:
    return type(chunk)(start, end, *(getattr(chunk, name) for name in chunk.NAMES[2:]))


def _whole_days(ends: IntColumn, sessions: ExchangeSessions) -> tuple[IntColumn, IntColumn]:
    """The sessions of the dates on which some daily bars end; an empty interval where a date has none.

    Those of futures may start on the evening before, as their sessions do; midnight belongs to the date before it.
    """
    found = [sessions.session_of_day(date_of(end - 1, sessions.zone)) for end in ends.tolist()]
    edges = [(0, 0) if session is None else (session.open, session.close) for session in found]
    column = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return np.ascontiguousarray(column[:, 0]), np.ascontiguousarray(column[:, 1])


def _filled(chunks: Iterator[QuoteColumns]) -> Iterator[QuoteColumns]:
    """Quote bars in which a missing side is that of the row before."""
    last: dict[str, int] = {}
    for chunk in chunks:
        columns = {name: getattr(chunk, name) for name in chunk.NAMES}
        for side in _SIDES:
            there = columns[side[0]] != NO_PRICE
            if not there.all():
                source = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
                for name in side:
                    earlier = last.get(name, NO_PRICE)
                    columns[name] = np.where(source < 0, earlier, columns[name][source])
            last |= {name: int(columns[name][-1]) for name in side}
        yield QuoteColumns(*(columns[name] for name in chunk.NAMES))


def date_of(at: int, zone: ZoneInfo) -> date:
    """The date that a zone's clock shows."""
    return datetime.fromtimestamp(at // MICROSECONDS_PER_SECOND, zone).date()


def midnight_of(day: date, zone: ZoneInfo) -> int:
    """When a date begins on a zone's clock, microseconds UTC."""
    return round(datetime.combine(day, time(0), zone).timestamp()) * MICROSECONDS_PER_SECOND


def feed_for(settings: Settings, catalog: Catalog) -> CatalogFeed:
    """The feed that a run's profile reads a catalog by."""
    kind = LeanFeed if settings.profile is Profile.LEAN else CatalogFeed
    return kind(catalog, settings.start, settings.end, extended=settings.extended_hours, adjustment=settings.adjustment)
