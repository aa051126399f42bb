"""Quote bars and open interest in the catalog: beside trade bars, by the same machinery, with sides that may lack."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.instruments.scaling import Scaling, Scalings
from periscope.market.catalog import Catalog
from periscope.market.columns import NO_PRICE, UNKNOWN_VOLUME, InterestColumns, QuoteColumns
from periscope.market.errors import BarsRefusedError, CatalogConflictError
from periscope.market.series import QuoteSeries
from tests.market.catalog_data import FAR, MINUTE, SPY, at, minutes, read

SPAN = BarTimeSpan.MINUTE
NO_SIDE = (NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, UNKNOWN_VOLUME)

type Side = tuple[int, int, int, int, int]


def quotes(rows: list[tuple[int, Side, Side]]) -> QuoteColumns:
    """Minute quote bars of start, bid side and ask side."""
    table = [(start, start + MINUTE, *bid, *ask) for start, bid, ask in rows]
    return QuoteColumns(*np.array(table, dtype=np.int64).reshape(-1, 12).T.copy())


def some(count: int = 3, local: str = "2024-05-14 09:30") -> QuoteColumns:
    """Consecutive minutes; the second has no bid, the third no ask."""
    rows: list[tuple[int, Side, Side]] = []
    for n in range(count):
        bid: Side = (9_990 + n, 9_995 + n, 9_985 + n, 9_991 + n, 100 + n)
        ask: Side = (9_992 + n, 9_997 + n, 9_987 + n, 9_993 + n, 200 + n)
        rows.append((at(local) + n * MINUTE, NO_SIDE if n % 3 == 1 else bid, NO_SIDE if n % 3 == 2 else ask))
    return quotes(rows)


def table(rows: QuoteColumns) -> list[tuple[int, ...]]:
    """The rows of some quote bars."""
    return list(zip(*(getattr(rows, name).tolist() for name in rows.NAMES), strict=True))


def stored(catalog: Catalog, *, extended: bool = True) -> list[tuple[int, ...]]:
    """All quote bars of SPY inside its sessions, at its present scale."""
    spy = catalog.instruments.get(*SPY.key)
    assert spy is not None
    found = catalog.quote_chunks(spy, SPAN, -FAR, FAR, extended=extended)
    return [row for chunk in found for row in table(chunk)]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.create(tmp_path / "catalog")


def test_quotes_come_back_as_they_went_in_and_stand_beside_bars(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, minutes("2024-05-14 09:30", 5), source="bars")
    report = catalog.write_bars(SPY, SPAN, some(), source="quotes")
    assert (report.added, report.unchanged, report.replaced) == (3, 0, 0)
    again = Catalog.open(catalog.root)
    assert stored(again) == table(some())
    assert len(read(again)) == 5
    assert again.quote_spans(SPY)[SPAN].rows == 3
    assert again.spans(SPY)[SPAN].rows == 5
    again.verify()


def test_writing_the_same_quotes_again_changes_nothing(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(), source="quotes")
    before = sorted(path.name for path in catalog.root.rglob("*.parquet"))
    report = catalog.write_bars(SPY, SPAN, some(), source="quotes")
    assert (report.added, report.unchanged, report.replaced) == (0, 3, 0)
    assert sorted(path.name for path in catalog.root.rglob("*.parquet")) == before


def test_a_side_that_appears_is_a_conflict_unless_it_is_to_replace(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(), source="quotes")
    full = quotes([(at("2024-05-14 09:31"), (9_990, 9_990, 9_990, 9_990, 7), (9_993, 9_998, 9_988, 9_994, 201))])
    with pytest.raises(CatalogConflictError, match="1 minute quote bars of SPY are stored with other values"):
        catalog.write_bars(SPY, SPAN, full, source="later")
    assert stored(catalog) == table(some())
    print_before = catalog.fingerprint(SPY, SPAN, kind=QuoteColumns)
    catalog.write_bars(SPY, SPAN, full, source="later", replace=True)
    assert stored(catalog)[1] == table(full)[0]
    old = catalog.root / "superseded" / f"{print_before[0]['sha256']}.parquet"
    assert old.is_file()
    assert catalog.fingerprint(SPY, SPAN, kind=QuoteColumns) != print_before
    assert catalog.fingerprint(SPY, SPAN) == []


def test_missing_sides_survive_more_decimals(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(), source="quotes")
    catalog.add_instruments([replace(SPY, price_scale=4, volume_scale=1)])
    rows = stored(catalog)
    assert rows[1][2:7] == NO_SIDE
    assert rows[2][7:] == NO_SIDE
    assert rows[0][2:7] == (999_000, 999_500, 998_500, 999_100, 1_000)


def test_quotes_outside_the_sessions_are_left_out_by_chunks_only(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(4, "2024-05-14 09:28"), source="quotes")
    assert len(stored(catalog, extended=False)) == 2
    assert len(stored(catalog)) == 4
    night = some(1, "2024-05-14 02:00")
    catalog.write_bars(SPY, SPAN, night, source="night")
    assert len(stored(catalog)) == 4
    assert sum(map(len, catalog.all_quotes(SPY, SPAN, -FAR, FAR))) == 5


def test_other_tools_see_nulls_and_decimals(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(), source="quotes")
    frame = pl.read_parquet(catalog.root / "bars/ETF/SPY/minute-quotes/*.parquet")
    assert frame.columns == list(QuoteColumns.NAMES)
    assert [None if value is None else str(value) for value in frame["bid_open"]] == ["99.90", None, "99.92"]
    assert frame["ask_size"].to_list()[:2] == [200, 201]
    assert frame["ask_size"].to_list()[2] is None


@pytest.mark.parametrize(
    ("bid", "ask", "what"),
    [
        (NO_SIDE, NO_SIDE, "neither a bid nor an ask"),
        ((NO_PRICE, 1, 1, 1, 1), (2, 2, 2, 2, 1), "some bid prices but not all"),
        ((1, 1, 1, 1, 1), (NO_PRICE, NO_PRICE, NO_PRICE, NO_PRICE, 0), "ask size without ask prices"),
        ((1, 1, 1, 1, -7), (2, 2, 2, 2, 1), "negative bid_size"),
        ((1, 10**18, 1, 1, 1), (2, 2, 2, 2, 1), "more than 18 digits in bid_high"),
    ],
)
def test_impossible_quotes_are_refused(catalog: Catalog, bid: Side, ask: Side, what: str) -> None:
    start = at("2024-05-14 09:30")
    good: tuple[int, Side, Side] = (start, (1, 1, 1, 1, 1), (2, 2, 2, 2, 1))
    with pytest.raises(BarsRefusedError, match=what) as refused:
        catalog.write_bars(SPY, SPAN, quotes([good, (start + MINUTE, bid, ask)]), source="bad")
    assert refused.value.row == 1
    assert catalog.quote_spans(SPY) == {}


def test_an_instrument_keeps_the_decimals_of_its_quotes(catalog: Catalog) -> None:
    catalog.write_bars(SPY, SPAN, some(), source="quotes")
    with pytest.raises(CatalogConflictError, match="minute quote bars with 2 decimals"):
        catalog.add_instruments([replace(SPY, price_scale=1)])


def test_a_window_of_quotes_moves_as_one_of_bars(catalog: Catalog) -> None:
    rows = some(300)
    catalog.write_bars(SPY, SPAN, rows, source="quotes")
    chunks = catalog.quote_chunks(SPY, SPAN, -FAR, FAR, extended=True, chunk_rows=50)
    series = QuoteSeries(chunks, [Scalings(-FAR, Scaling(2), Scaling(0))])
    assert series.row_from(int(rows.start[120])) == 120
    assert series.row_ended_by(int(rows.end[119])) == 119
    row = series.row_ended_by(int(rows.end[119])) - series.first
    assert int(series.ask_close[row]) == int(rows.ask_close[119])
    series.release(int(rows.end[119]))
    assert series.first > 0
    assert int(series.bid_close[119 - series.first]) == int(rows.bid_close[119])
    assert series.reach_row(299)
    assert not series.reach_row(300)
    assert series.scaling(299) == Scaling(2)
    assert len(series.bid_size) == len(series.start)


def test_open_interest_is_stored_alike(catalog: Catalog) -> None:
    start = at("2024-05-14 00:00")
    day = 1440 * MINUTE
    rows = InterestColumns(np.array([start, start + day]), np.array([start + day, start + 2 * day]), np.array([7, 9]))
    catalog.write_bars(SPY, BarTimeSpan.DAY, rows, source="interest")
    found = list(catalog.all_interest(SPY, BarTimeSpan.DAY, -FAR, FAR))
    assert [chunk.open_interest.tolist() for chunk in found] == [[7, 9]]
    assert catalog.interest_spans(SPY)[BarTimeSpan.DAY].rows == 2
    assert catalog.spans(SPY) == {}
