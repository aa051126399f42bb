"""Importing Databento's files, which the tests write themselves with Databento's library: bit for bit, and broken."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import databento_dbn as dbn
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.market.bar_files import joined
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.market.importers.findings import ImportProblem
from periscope.market.importers.formats import detect_format, import_path
from periscope.market.importers.options import ImportOptions
from periscope.market.importers.storing import ImportSummary
from tests.sizes import examples

NANO = 1_000_000_000
OPEN = int(datetime(2024, 1, 3, 14, 30, tzinfo=UTC).timestamp())
FOREVER = 2**62
BARS, DEFINITIONS = dbn.Schema.from_str("ohlcv-1m"), dbn.Schema.from_str("definition")
RAW_SYMBOL, CONTINUOUS = dbn.SType.from_str("raw_symbol"), dbn.SType.from_str("continuous")
NUMBER = dbn.SType.from_str("instrument_id")

type Fields = tuple[int, int, int, int, int, int]
"""Start in seconds, then open, high, low, close in units of 1e-9, and volume."""


@dataclass
class Interval:
    start_date: date
    end_date: date
    symbol: str


@dataclass
class Mapping:
    raw_symbol: str
    intervals: Sequence[Interval]


def mapping(symbol: str, number: int, first: date = date(2024, 1, 1), until: date = date(2024, 3, 1)) -> Mapping:
    """A symbol and the number that stands for it on some days."""
    return Mapping(symbol, [Interval(first, until, str(number))])


def _metadata(
    *mappings: Mapping, dataset: str = "XNAS.ITCH", schema: dbn.Schema | None = BARS, version: int = 3
) -> bytes:
    return bytes(
        dbn.Metadata(
            dataset=dataset,
            start=OPEN * NANO,
            stype_in=RAW_SYMBOL,
            stype_out=NUMBER,
            schema=schema,
            symbols=[each.raw_symbol for each in mappings],
            mappings=mappings,  # type: ignore[arg-type]
            version=version,
        )
    )


def _bar(number: int, fields: Fields, rtype: int = 33, publisher: int = 2) -> bytes:
    return bytes(dbn.OHLCVMsg(rtype, publisher, number, fields[0] * NANO, *fields[1:]))


def _definition(symbol: str, number: int, **changes: object) -> bytes:
    facts: dict[str, object] = {
        "publisher_id": 1,
        "instrument_id": number,
        "ts_event": OPEN * NANO,
        "ts_recv": OPEN * NANO,
        "min_price_increment": NANO // 4,
        "display_factor": NANO,
        "raw_symbol": symbol,
        "asset": symbol[:-2],
        "security_type": "FUT",
        "instrument_class": dbn.InstrumentClass.FUTURE,
        "security_update_action": dbn.SecurityUpdateAction.ADD,
        "currency": "USD",
        "exchange": "XCME",
    }
    return bytes(dbn.InstrumentDefMsg(**(facts | changes)))  # type: ignore[arg-type]


def _zstd(data: bytes) -> bytes:
    packed = io.BytesIO()
    transcoder = dbn.Transcoder(packed, dbn.Encoding.from_str("dbn"), dbn.Compression.from_str("zstd"))
    transcoder.write(data)
    transcoder.flush()
    del transcoder
    return packed.getvalue()


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


def _import(catalog: Catalog, data: bytes, **options: object) -> ImportSummary:
    path = catalog.root.parent / "bars.dbn"
    path.write_bytes(data)
    return import_path(path, catalog, ImportOptions(**options))  # type: ignore[arg-type]


def _stored(catalog: Catalog, symbol: str, span: BarTimeSpan, kind: AssetType = AssetType.EQUITY) -> BarColumns:
    instrument = catalog.instruments.get(symbol, kind)
    assert instrument is not None
    return joined(list(catalog.all_bars(instrument, span, -FOREVER, FOREVER)))


def _as_fields(catalog: Catalog, symbol: str, span: BarTimeSpan) -> list[Fields]:
    """What is stored, in the units of the file."""
    instrument = catalog.instruments.get(symbol, AssetType.EQUITY)
    assert instrument is not None
    bars = _stored(catalog, symbol, span)
    unit = 10 ** (9 - instrument.price_scale)
    columns = [bars.start // 1_000_000, *(each * unit for each in (bars.open, bars.high, bars.low, bars.close))]
    return list(zip(*(each.tolist() for each in [*columns, bars.volume]), strict=True))


_PRICES = st.integers(1, 900_000 * NANO)
_BARS = st.lists(
    st.tuples(st.integers(0, 389), _PRICES, _PRICES, _PRICES, _PRICES, st.integers(0, 10**17)),
    min_size=1,
    max_size=60,
    unique_by=lambda bar: bar[0],
)


@given(_BARS, st.booleans(), st.sampled_from([1, 2, 3]))
@settings(max_examples=examples(15, 40))
def test_every_field_of_every_bar_comes_back(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[Fields], packed: bool, version: int
) -> None:
    """Bars written by Databento's library, read back from the catalog, equal in every field."""
    catalog = Catalog.create(tmp_path_factory.mktemp("dbn") / "catalog")
    bars: list[Fields] = [(OPEN + 60 * minute, *_ordered(prices), volume) for minute, *prices, volume in sorted(drawn)]
    data = _metadata(mapping("AAPL", 7), version=version) + b"".join(_bar(7, bar) for bar in bars)
    summary = _import(catalog, _zstd(data) if packed else data)
    assert _as_fields(catalog, "AAPL", BarTimeSpan.MINUTE) == bars
    assert summary.findings.unusable == 0
    assert summary.series[0].rows == len(bars)


def _ordered(prices: list[int]) -> tuple[int, int, int, int]:
    """Open, high, low and close of any four prices."""
    return prices[0], max(prices), min(prices), prices[3]


@pytest.mark.parametrize(
    ("rtype", "span", "start"),
    [
        (32, BarTimeSpan.SECOND, OPEN),
        (33, BarTimeSpan.MINUTE, OPEN),
        (34, BarTimeSpan.HOUR, OPEN + 1800),
        (35, BarTimeSpan.DAY, OPEN - OPEN % 86_400),
    ],
)
def test_each_span(catalog: Catalog, rtype: int, span: BarTimeSpan, start: int) -> None:
    summary = _import(catalog, _metadata(mapping("AAPL", 7)) + _bar(7, (start, NANO, NANO, NANO, NANO, 5), rtype))
    bars = _stored(catalog, "AAPL", span)
    assert bars.start.tolist() == [(OPEN if span is BarTimeSpan.DAY else start) * 1_000_000]
    assert ("UTC_DAYS" in summary.findings.counts) == (span is BarTimeSpan.DAY)


def test_symbols_by_number_and_day(catalog: Catalog) -> None:
    """A number that stands for another symbol from a day on, and one that stands for none."""
    one, other = date(2024, 1, 3), date(2024, 1, 4)
    data = _metadata(mapping("AAPL", 7, one, other), mapping("MSFT", 7, other, date(2024, 1, 5)), mapping("TSLA", 8))
    day = 86_400
    bars = [(7, OPEN), (8, OPEN), (7, OPEN + day), (8, OPEN + day), (7, OPEN + 2 * day), (9, OPEN)]
    data += b"".join(_bar(number, (start, NANO, NANO, NANO, NANO, 1)) for number, start in bars)
    with pytest.raises(ImportProblem) as caught:
        _import(catalog, data)
    assert caught.value.code == "UNKNOWN_SYMBOL"
    assert "bars.dbn:5: " in caught.value.message
    assert "bars.dbn:6: no symbol for instrument 9" in caught.value.message
    summary = _import(catalog, data, skip_bad_rows=True)
    assert [(item.symbol, item.rows) for item in summary.series] == [("AAPL", 1), ("MSFT", 1), ("TSLA", 2)]
    assert summary.findings.unusable == 2


def test_one_symbol_of_many_and_bars_of_other_spans(catalog: Catalog) -> None:
    data = _metadata(mapping("AAPL", 7), mapping("TSLA", 8), schema=None)
    data += _bar(7, (OPEN, NANO, NANO, NANO, NANO, 1)) + _bar(8, (OPEN, NANO, NANO, NANO, NANO, 1))
    data += _bar(8, (OPEN, NANO, NANO, NANO, NANO, 1), rtype=32)
    with pytest.raises(ImportProblem, match="minute, second bars; say which with --span"):
        _import(catalog, data)
    summary = _import(catalog, data, symbol="tsla", span=BarTimeSpan.MINUTE)
    assert [(item.symbol, item.rows) for item in summary.series] == [("TSLA", 1)]
    assert summary.skipped_files == {"bars of other spans": 1, "bars of other symbols": 1}


def test_undefined_values_are_findings(catalog: Catalog) -> None:
    good: Fields = (OPEN, NANO, NANO, NANO, NANO, 1)
    bad: list[Fields] = [
        (OPEN + 60, dbn.UNDEF_PRICE, NANO, NANO, NANO, 1),
        (OPEN + 120, NANO, NANO, NANO, NANO, 2**64 - 1),
    ]
    data = _metadata(mapping("AAPL", 7)) + _bar(7, good) + b"".join(_bar(7, each) for each in bad)
    data += bytes(dbn.OHLCVMsg(33, 2, 7, dbn.UNDEF_TIMESTAMP, NANO, NANO, NANO, NANO, 1))
    with pytest.raises(ImportProblem) as caught:
        _import(catalog, data)
    for place, code in (("2", "BAD_PRICE"), ("3", "BAD_VOLUME"), ("4", "BAD_TIME")):
        assert any(f"bars.dbn:{place}: " in line and code in line for line in caught.value.message.splitlines())
    assert _import(catalog, data, skip_bad_rows=True).series[0].rows == 1


def test_contracts_have_two_digits_here(catalog: Catalog) -> None:
    data = _metadata(mapping("ESH4", 7), mapping("ESH4-ESM4", 8), mapping("ESH4 C4000", 9), dataset="GLBX.MDP3")
    price = 4_800 * NANO + NANO // 4
    data += b"".join(_bar(number, (OPEN, price, price, price, price, 3)) for number in (7, 8, 9))
    summary = _import(catalog, data)
    assert [(item.symbol, item.asset_type) for item in summary.series] == [("ESH24", "FUTURE")]
    assert summary.skipped_files == {"bars of options, spreads and the like": 2}
    assert _stored(catalog, "ESH24", BarTimeSpan.MINUTE, AssetType.FUTURE).open.tolist() == [480_025]


def test_definitions_become_instruments(catalog: Catalog) -> None:
    expiry = int(datetime(2024, 3, 15, 13, 30, tzinfo=UTC).timestamp())
    data = _metadata(mapping("ESH4", 7), dataset="GLBX.MDP3", schema=DEFINITIONS)
    data += _definition("ESH4", 7, expiration=expiry * NANO, min_price_increment_amount=12_500_000_000)
    data += _definition("QQQH4", 8, min_price_increment=NANO // 100, min_price_increment_amount=10 * NANO)
    data += _definition("QQVH4", 9)
    data += _definition("ESH4-ESM4", 10, instrument_class=dbn.InstrumentClass.FUTURE_SPREAD)
    summary = _import(catalog, data)
    assert summary.series == []
    assert "in the catalog now: 2 instruments, ESH24, QQQH24" in summary.notes
    assert sorted(summary.skipped_files.values()) == [1, 1]
    es = catalog.instruments.get("ESH24", AssetType.FUTURE)
    assert es is not None
    facts = (es.tick, es.multiplier, es.expires_at, es.root)
    assert facts == (Decimal("0.25"), Decimal(50), expiry * 1_000_000, "ES")
    other = catalog.instruments.get("QQQH24", AssetType.FUTURE)
    assert other is not None
    assert (other.tick, other.multiplier, other.exchange) == (Decimal("0.01"), Decimal(1000), "CME")


def test_importing_twice_changes_nothing(catalog: Catalog) -> None:
    data = _metadata(mapping("AAPL", 7)) + b"".join(
        _bar(7, (OPEN + 60 * minute, NANO, 2 * NANO, NANO, NANO, minute)) for minute in range(100)
    )
    _import(catalog, data)
    before = (catalog.root / "manifest.json").read_bytes()
    again = _import(catalog, _zstd(data))
    assert (catalog.root / "manifest.json").read_bytes() == before
    assert any("nothing changed" in note for note in again.notes)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_breaks_off_is_refused_wherever_it_does(catalog: Catalog, packed: bool) -> None:
    data = _metadata(mapping("AAPL", 7)) + b"".join(
        _bar(7, (OPEN + 60 * minute, NANO + minute * 977, 2 * NANO, NANO, NANO + minute, minute))
        for minute in range(300)
    )
    whole = _zstd(data) if packed else data
    for cut in (1, 3, 8, 40, len(whole) // 2, len(whole) - 10):
        with pytest.raises(ImportProblem) as caught:
            _import(catalog, whole[:-cut] if packed or cut % 56 else whole[: -cut - 1])
        assert caught.value.code in {"BAD_FILE", "HEADER_MISSING", "NOT_TEXT"}, caught.value.message
    assert catalog.instruments.all() == []


def test_what_can_not_be_imported(catalog: Catalog) -> None:
    start = bytes(dbn.Metadata(dataset="GLBX.MDP3", start=0, stype_in=CONTINUOUS, stype_out=NUMBER, schema=None))
    with pytest.raises(ImportProblem, match="continuous contracts") as caught:
        _import(catalog, start)
    assert caught.value.code == "CONTINUOUS_SYMBOLS"
    with pytest.raises(ImportProblem, match="no bars to import"):
        _import(catalog, _metadata(mapping("AAPL", 7)))
    bars = b"".join(_bar(7, (OPEN, NANO, NANO, NANO, NANO, 1), publisher=each) for each in (2, 3))
    with pytest.raises(ImportProblem, match="several venues"):
        _import(catalog, _metadata(mapping("AAPL", 7)) + bars)


def test_the_format_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "anything"
    for content in (_metadata(), _zstd(_metadata())):
        path.write_bytes(content)
        assert detect_format(path) == "dbn"
