"""A market as plain lists of bars, and the questions that the naive engine asks about it."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.settings import Adjustment, QuoteUse, Settings
from periscope.instruments.instrument import Instrument
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, BarColumns, QuoteColumns
from tests.naive.corporate import Corporate, Meaning, meaning, seen_price, seen_volume
from tests.naive.sessions import NEW_YORK, TradingDay, in_session, is_stub, micros, session_from, sessions

type Key = tuple[str, AssetType]

SPANS = (BarTimeSpan.SECOND, BarTimeSpan.MINUTE, BarTimeSpan.HOUR, BarTimeSpan.DAY)
"""Finest first."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as the file has it: times in microseconds, prices and volume as scaled integers.

    What a run sees of it is scaled alike, and need not be whole.
    """

    start: int
    end: int
    open: int | Fraction
    high: int | Fraction
    low: int | Fraction
    close: int | Fraction
    volume: int | Fraction

    @property
    def offered(self) -> bool:
        """Whether it has prices; a quote bar without the side that is looked at has none."""
        return self.open != NO_PRICE


@dataclass
class Market:
    """Everything that can be traded or watched: what a catalog knows.

    `bars` and `quotes` map (symbol, asset type, span) of an instrument's own key to its whole history, `corporate` a
    symbol to the splits and dividends of the equity.
    """

    instruments: list[Instrument]
    bars: dict[tuple[str, AssetType, BarTimeSpan], BarColumns] = field(default_factory=dict)
    corporate: dict[str, list[Corporate]] = field(default_factory=dict)
    quotes: dict[tuple[str, AssetType, BarTimeSpan], QuoteColumns] = field(default_factory=dict)
    _closes: dict[tuple[Key, date], Fraction | None] = field(default_factory=dict, repr=False)
    _histories: dict[tuple[str, AssetType, BarTimeSpan], list[Bar]] = field(default_factory=dict, repr=False)

    def find(self, symbol: str, asset_type: AssetType) -> Instrument | None:
        """The instrument of that name; an ETF also answers to EQUITY and the other way round."""
        answers = {AssetType.ETF: AssetType.EQUITY, AssetType.EQUITY: AssetType.ETF}
        for wanted in (asset_type, answers.get(asset_type)):
            for instrument in self.instruments:
                if instrument.symbol == symbol and instrument.asset_type is wanted:
                    return instrument
        return None

    def history(self, instrument: Instrument, span: BarTimeSpan) -> list[Bar]:
        """All bars of one series."""
        name = (*instrument.key, span)
        columns = self.bars.get(name)
        if columns is not None and name not in self._histories:
            parts = (columns.start, columns.end, columns.open, columns.high, columns.low, columns.close, columns.volume)
            self._histories[name] = [Bar(*(int(value) for value in row)) for row in zip(*parts, strict=True)]
        return self._histories.get(name, [])

    def events(self, instrument: Instrument) -> list[Corporate]:
        """Splits and dividends of an instrument."""
        return [] if instrument.is_future else self.corporate.get(instrument.symbol, [])

    def means(self, instrument: Instrument, settings: Settings, moment: int) -> Meaning:
        """What prices and quantities of an instrument mean in a run, at a moment."""
        events = self.events(instrument)
        if settings.adjustment is not Adjustment.TOTAL_RETURN:
            return meaning(events, settings, moment, {})
        return meaning(events, settings, moment, {one.day: self._close_before(instrument, one) for one in events})

    def _close_before(self, instrument: Instrument, event: Corporate) -> Fraction | None:
        name = (instrument.key, event.day)
        if name not in self._closes:
            self._closes[name] = self._found_before(instrument, event)
        return self._closes[name]

    def _found_before(self, instrument: Instrument, event: Corporate) -> Fraction | None:
        """The raw close of the last regular bar before an event, of the coarsest span that has one in a month."""
        for span in reversed(SPANS):
            ended = [
                bar
                for bar in self.history(instrument, span)
                if bar.end <= event.time <= bar.start + 31 * 86_400_000_000
                and in_session(instrument.exchange, False, bar.start)
            ]
            if ended:
                return price_of(instrument, ended[-1].close)
        return None

    def stream(self, instrument: Instrument, span: BarTimeSpan, settings: Settings) -> list[Bar]:
        """The bars of one series as a run sees them."""
        return self._adjusted(instrument, self._raw_stream(instrument, span, settings), settings)

    def _adjusted(self, instrument: Instrument, bars: list[Bar], settings: Settings) -> list[Bar]:
        if not self.events(instrument):
            return bars
        return [adjusted(bar, instrument, self.means(instrument, settings, bar.start)) for bar in bars]

    def _raw_stream(self, instrument: Instrument, span: BarTimeSpan, settings: Settings) -> list[Bar]:
        """The bars of one series, made of finer ones where none are stored."""
        stored = self._stored(instrument, span, settings, settings.extended_hours)
        coarser = SPANS[SPANS.index(span) :]
        there = [one for one in SPANS if self._stored(instrument, one, settings, settings.extended_hours)]
        finer = [one for one in there if one not in coarser]
        if stored or not finer:
            return stored
        source = max(finer, key=lambda one: (self._covered(instrument, one, settings), SPANS.index(one)))
        extended = settings.extended_hours and span is not BarTimeSpan.DAY
        groups: dict[tuple[int, int], list[Bar]] = {}
        for bar in self._stored(instrument, source, settings, extended):
            groups.setdefault(frame(bar, span, session_from(instrument.exchange, extended, bar.start)), []).append(bar)
        made = [merged(group, start, end) for (start, end), group in groups.items()]
        return [bar for bar in made if bar.start >= settings.start and bar.end <= settings.end]

    def _stored(self, instrument: Instrument, span: BarTimeSpan, settings: Settings, extended: bool) -> list[Bar]:
        return [
            bar
            for bar in self.history(instrument, span)
            if bar.start >= settings.start
            and bar.end <= settings.end
            and in_session(instrument.exchange, extended, bar.start)
        ]

    def _covered(self, instrument: Instrument, span: BarTimeSpan, settings: Settings) -> int:
        bars = self.history(instrument, span)
        return min(bars[-1].start, settings.end) - max(bars[0].start, settings.start)

    def execution_stream(self, instrument: Instrument, settings: Settings) -> list[Bar]:
        """The bars that orders of the instrument meet."""
        wanted = () if settings.execution_span is None else (settings.execution_span,)
        for span in (*wanted, *SPANS):
            found = self._stored(instrument, span, settings, settings.extended_hours)
            if found:
                return self._adjusted(instrument, found, settings)
        return []

    def execution_span(self, instrument: Instrument, settings: Settings) -> BarTimeSpan | None:
        """The span of the bars that orders of the instrument meet."""
        wanted = () if settings.execution_span is None else (settings.execution_span,)
        there = (
            span for span in (*wanted, *SPANS) if self._stored(instrument, span, settings, settings.extended_hours)
        )
        return next(there, None)

    def offers(self, instrument: Instrument, side: int, settings: Settings) -> list[Bar]:
        """What buys (side +1) or sells (-1) of the instrument meet: trade bars, or the asks or bids of quote bars.

        The volume of a quote bar is that of the trade bar of the same time, none where there is no such bar.
        """
        trades = self.execution_stream(instrument, settings)
        if settings.quotes is QuoteUse.OFF or not trades:
            return trades
        span = self.execution_span(instrument, settings)
        assert span is not None
        columns = self.quotes.get((*instrument.key, span))
        traded = {bar.start: bar.volume for bar in trades}
        found = []
        for row in range(0 if columns is None else len(columns)):
            assert columns is not None
            names = [f"{'ask' if side > 0 else 'bid'}_{part}" for part in ("open", "high", "low", "close")]
            start, end = int(columns.start[row]), int(columns.end[row])
            opened, high, low, close = (int(getattr(columns, name)[row]) for name in names)
            extended = settings.extended_hours and span is not BarTimeSpan.DAY
            in_window = settings.start <= start and end <= settings.end
            if in_window and in_session(instrument.exchange, extended, start):
                bar = Bar(start, end, opened, high, low, close, 0)
                seen = self._adjusted(instrument, [bar], settings)[0] if bar.offered else bar
                found.append(replace(seen, volume=traded.get(start, 0)))
        return found or (trades if settings.quotes is QuoteUse.PREFER else [])

    def front_month(self, root: str, as_of: int) -> str:
        """The unexpired contract that traded most in the last complete trading day; LookupError without data."""
        chain = [one for one in self.instruments if one.root == root and one.is_future]
        if not chain:
            raise LookupError(f"no futures of the root {root} are known")
        alive = [one for one in chain if one.expires_at is None or one.expires_at > as_of]
        days = [session for session in sessions(chain[0].exchange, False) if session.close <= as_of]
        for day in reversed([session for session in days if not is_stub(session)]):
            volumes = [(self._day_volume(one, day.open, day.close), one) for one in alive]
            traded = [(volume, one) for volume, one in volumes if volume > 0]
            if traded:
                best = min(traded, key=lambda pair: (-pair[0], pair[1].expires_at or 2**62, pair[1].symbol))
                return best[1].symbol
        raise LookupError(f"no complete trading day with volume is known for {root}")

    def _day_volume(self, instrument: Instrument, opens: int, closes: int) -> Fraction:
        def volumes(span: BarTimeSpan) -> list[int | Fraction]:
            return [bar.volume for bar in self.history(instrument, span) if opens <= bar.start < closes]

        found = next((there for span in (BarTimeSpan.DAY, *SPANS) if (there := volumes(span))), [])
        whole = sum((Fraction(v) for v in found if v != UNKNOWN_VOLUME), Fraction(0))
        return whole / Fraction(10**instrument.volume_scale)


def frame(bar: Bar, span: BarTimeSpan, session: TradingDay) -> tuple[int, int]:
    """Start and end of the coarser bar in which a bar ends."""
    if span is BarTimeSpan.DAY:
        return session.open, max(session.close, bar.end)
    ends = datetime.fromtimestamp((bar.end - 1) // 1_000_000, NEW_YORK)
    mark = ends.replace(second=0, microsecond=0, minute=0 if span is BarTimeSpan.HOUR else ends.minute)
    length = timedelta(hours=1) if span is BarTimeSpan.HOUR else timedelta(minutes=1)
    start = micros(mark)
    return max(start, session.open), min(start + length // timedelta(microseconds=1), max(session.close, bar.end))


def merged(bars: list[Bar], start: int, end: int) -> Bar:
    """One bar of several."""
    volumes = [bar.volume for bar in bars]
    volume = UNKNOWN_VOLUME if UNKNOWN_VOLUME in volumes else sum(volumes)
    high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
    return Bar(start, end, bars[0].open, high, low, bars[-1].close, volume)


def price_of(instrument: Instrument, scaled: int | Fraction) -> Fraction:
    """A column's price in money per unit."""
    return Fraction(scaled) / Fraction(10**instrument.price_scale)


def volume_of(instrument: Instrument, scaled: int | Fraction) -> Fraction | None:
    """A column's volume in units; None where it is unknown."""
    return None if scaled == UNKNOWN_VOLUME else Fraction(scaled) / Fraction(10**instrument.volume_scale)


def adjusted(bar: Bar, instrument: Instrument, known: Meaning) -> Bar:
    """A bar as a run sees it, still scaled as the instrument's columns are."""
    if known == Meaning():
        return bar

    digits = Fraction(10**instrument.price_scale)

    def price(scaled: int | Fraction) -> Fraction:
        return seen_price(price_of(instrument, scaled), known.price) * digits

    volume = volume_of(instrument, bar.volume)
    return Bar(
        bar.start,
        bar.end,
        price(bar.open),
        price(bar.high),
        price(bar.low),
        price(bar.close),
        UNKNOWN_VOLUME if volume is None else seen_volume(volume, known.shares) * 10**instrument.volume_scale,
    )
