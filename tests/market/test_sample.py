"""The sample market: the same bytes every time, plausible bars, sessions kept, a gap, a half day and rolls inside."""

import hashlib
from datetime import UTC, date, datetime
from itertools import pairwise

import numpy as np
import pytest

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.market.columns import BarColumns
from periscope.market.long_series import long_minute_chunks, long_minute_instrument, long_minute_series
from periscope.market.random_integers import RandomIntegers
from periscope.market.sample import SampleSeries, make_sample, sample_series, third_friday

SHA256_OF_SEED_7 = "a62eb5df3acd1823786fbb3b885a3a31d20e7319f7052e9fd8d395681bb7b871"


@pytest.fixture(scope="module")
def sample() -> list[SampleSeries]:
    return sample_series(7)


class _Sink:
    def __init__(self) -> None:
        self.instruments: list[Instrument] = []
        self.written: list[tuple[str, BarTimeSpan, str]] = []

    def add_instruments(self, instruments: list[Instrument]) -> None:
        self.instruments.extend(instruments)

    def write_bars(self, instrument: Instrument, span: BarTimeSpan, bars: BarColumns, *, source: str) -> object:
        self.written.append((instrument.symbol, span, source))
        return None


def _bars(sample: list[SampleSeries], symbol: str, span: BarTimeSpan) -> BarColumns:
    return next(item.bars for item in sample if item.instrument.symbol == symbol and item.span is span)


def _digest(series: list[SampleSeries]) -> str:
    digest = hashlib.sha256()
    for item in series:
        digest.update(f"{item.instrument.symbol} {item.span}".encode())
        bars = item.bars
        for column in (bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, bars.volume):
            digest.update(column.astype("<i8").tobytes())
    return digest.hexdigest()


def test_split_mix_64_gives_the_published_first_number() -> None:
    """The first output of SplitMix64 for state 0 is 0xE220A8397B1DCDAF."""
    from periscope.market import random_integers

    numbers = np.array([random_integers._GAMMA])
    random_integers._mix(numbers)
    assert int(numbers[0]) == 0xE220A8397B1DCDAF


def test_drawing_at_once_or_in_parts_gives_the_same_integers() -> None:
    whole = RandomIntegers(3, "x").between(-5, 5, 100)
    parts = RandomIntegers(3, "x")
    assert np.array_equal(whole, np.concatenate([parts.between(-5, 5, 37), parts.between(-5, 5, 63)]))
    assert set(whole.tolist()) == set(range(-5, 6))


def test_the_sample_never_changes(sample: list[SampleSeries]) -> None:
    assert _digest(sample) == SHA256_OF_SEED_7


def test_another_seed_is_another_market(sample: list[SampleSeries]) -> None:
    assert _digest(sample_series(8)) != _digest(sample)


def test_every_series_says_that_it_is_invented(sample: list[SampleSeries]) -> None:
    sink = _Sink()
    written = make_sample(sink, 7)
    assert len(written) == len(sample) == len(sink.written)
    assert all("SYNTHETIC" in source for _, _, source in sink.written)
    assert all("SYNTHETIC" in instrument.source for instrument in sink.instruments)
    assert len({instrument.key for instrument in sink.instruments}) == len(sink.instruments) == 9


def test_one_equity_alone_is_that_of_the_whole_market(sample: list[SampleSeries]) -> None:
    sink = _Sink()
    alone = make_sample(sink, 7, equity="BETA")
    assert [instrument.symbol for instrument in sink.instruments] == ["BETA"]
    assert _digest(alone) == _digest([item for item in sample if item.instrument.symbol == "BETA"])


def test_bars_are_possible_on_tick_in_order_and_in_sessions(sample: list[SampleSeries]) -> None:
    for item in sample:
        bars, name = item.bars, (item.instrument.symbol, item.span)
        assert np.all(bars.low <= np.minimum(bars.open, bars.close)), name
        assert np.all(bars.high >= np.maximum(bars.open, bars.close)), name
        assert np.all(bars.low > 0), name
        assert np.all(bars.volume > 0), name
        assert np.all(np.diff(bars.start) > 0), name
        assert np.all(bars.end[:-1] <= bars.start[1:]), name
        tick = int(item.instrument.tick * 10**item.instrument.price_scale)
        assert all(np.all(column % tick == 0) for column in (bars.open, bars.high, bars.low, bars.close)), name
        assert np.all(sessions_for(item.instrument.exchange).is_open_mask(bars.start)), name


def test_day_bars_are_their_minutes(sample: list[SampleSeries]) -> None:
    days, minutes = _bars(sample, "ALFA", BarTimeSpan.DAY), _bars(sample, "ALFA", BarTimeSpan.MINUTE)
    for index in np.flatnonzero(days.start >= minutes.start[0]).tolist():
        inside = (minutes.start >= days.start[index]) & (minutes.end <= days.end[index])
        assert days.open[index] == minutes.open[inside][0]
        assert days.high[index] == minutes.high[inside].max()
        assert days.low[index] == minutes.low[inside].min()
        assert days.close[index] == minutes.close[inside][-1]
        assert days.volume[index] == minutes.volume[inside].sum()


def test_a_half_day_is_inside(sample: list[SampleSeries]) -> None:
    days = _bars(sample, "ALFA", BarTimeSpan.DAY)
    session = sessions_for("XNYS").session_of_day(date(2023, 11, 24))
    assert session is not None
    index = int(np.searchsorted(days.start, session.open))
    assert days.end[index] == session.close == int(datetime(2023, 11, 24, 18, tzinfo=UTC).timestamp()) * 1_000_000


def test_gama_has_a_hole_and_delt_is_thin(sample: list[SampleSeries]) -> None:
    whole = len(_bars(sample, "ALFA", BarTimeSpan.MINUTE))
    assert len(_bars(sample, "GAMA", BarTimeSpan.MINUTE)) == whole - 195 - 390 - 195
    assert 0.5 < len(_bars(sample, "DELT", BarTimeSpan.MINUTE)) / whole < 0.75


def test_volume_rolls_to_the_next_contract_before_expiry(sample: list[SampleSeries]) -> None:
    symbols = ["SXH23", "SXM23", "SXU23", "SXZ23", "SXH24"]
    days = {symbol: _bars(sample, symbol, BarTimeSpan.DAY) for symbol in symbols}
    for nearest, following in pairwise(symbols):
        volumes = dict(zip(days[following].start.tolist(), days[following].volume.tolist(), strict=True))
        leads = [
            volume > volumes.get(start, 0)
            for start, volume in zip(days[nearest].start.tolist(), days[nearest].volume.tolist(), strict=True)
        ]
        assert leads == sorted(leads, reverse=True), f"{nearest} and {following} change the lead more than once"
        assert 3 <= leads.count(False) <= 10


def test_contracts_end_with_their_expiry(sample: list[SampleSeries]) -> None:
    assert third_friday(2023, 12) == date(2023, 12, 15)
    contract = next(item.instrument for item in sample if item.instrument.symbol == "SXZ23")
    assert contract.asset_type is AssetType.FUTURE
    assert contract.expires_at == int(datetime(2023, 12, 15, 22, tzinfo=UTC).timestamp()) * 1_000_000
    assert _bars(sample, "SXZ23", BarTimeSpan.DAY).end[-1] == contract.expires_at
    assert _bars(sample, "SXZ23", BarTimeSpan.MINUTE).end[-1] <= contract.expires_at


@pytest.mark.parametrize("bars", [1, 390, 50_000])
def test_a_long_series_has_the_length_asked_for(bars: int) -> None:
    instrument, series = long_minute_series(bars)
    assert len(series) == bars
    assert np.all(np.diff(series.start) >= 60_000_000)
    assert np.all(sessions_for(instrument.exchange).is_open_mask(series.start))
    assert np.all(series.low > 0)


def test_a_very_long_series_comes_in_chunks() -> None:
    chunks = long_minute_chunks(2_000_000)
    first, second = next(chunks), next(chunks)
    assert long_minute_instrument(2_000_000).exchange == "CME"
    assert first.end[-1] <= second.start[0]
    assert abs(int(second.open[0]) - int(first.close[-1])) < 25 * 400


def test_a_series_longer_than_the_session_table_is_refused() -> None:
    with pytest.raises(ValueError, match="session table of CME"):
        list(long_minute_chunks(20_000_000))
