"""Brokers' schedules as data: every rate has a source, dates are in order, and rates change on their day."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.execution.fee_schedules import FEE_SCHEDULES, SHARED_SOURCES, BrokerFees, PerContractByRoot
from periscope.execution.fees import Traded
from periscope.instruments.instrument import Instrument
from periscope.instruments.products import PRODUCTS

SHARE = Instrument(symbol="AAA", asset_type=AssetType.EQUITY, exchange="XNYS")


def sold(day: str, quantity: str, price: str) -> Traded:
    """A sell at noon in New York."""
    moment = int(datetime.fromisoformat(f"{day}T17:00").replace(tzinfo=UTC).timestamp()) * 1_000_000
    return Traded(SHARE, -1, Decimal(quantity), Decimal(quantity) * Decimal(price), moment)


@pytest.mark.parametrize(
    ("day", "sec", "taf"),
    [
        ("2010-06-01", "23.10", "5.95"),
        ("2018-05-21", "23.10", "5.95"),
        ("2018-05-22", "13.00", "5.95"),
        ("2021-12-31", "5.10", "5.95"),
        ("2022-01-03", "5.10", "6.49"),
        ("2024-05-21", "8.00", "8.30"),
        ("2024-05-22", "27.80", "8.30"),
        ("2025-05-14", "0", "8.30"),
        ("2025-12-31", "0", "8.30"),
        ("2026-01-02", "0", "9.79"),
        ("2026-04-03", "0", "9.79"),
        ("2026-04-04", "20.60", "9.79"),
        ("2026-09-30", "20.60", "9.79"),
        ("2026-10-01", "20.60", "0"),
        ("2026-12-31", "20.60", "0"),
        ("2027-01-04", "20.60", "11.61"),
        ("2028-01-03", "20.60", "12.05"),
    ],
)
def test_regulatory_fees_are_those_of_the_day_of_the_sale(day: str, sec: str, taf: str) -> None:
    """A million dollars, 100,000 shares: the SEC's rate is its fee, and FINRA's is capped."""
    parts = dict(FEE_SCHEDULES["alpaca"].parts)
    sale = sold(day, "100000", "10")
    assert parts["SEC fee"].owed(sale) == Decimal(sec)
    assert parts["FINRA trading activity fee"].owed(sale) == Decimal(taf)


@pytest.mark.parametrize("schedule", FEE_SCHEDULES.values(), ids=lambda each: each.name)
def test_every_schedule_says_where_it_comes_from_and_what_it_leaves_out(schedule: BrokerFees) -> None:
    assert all((schedule.title, schedule.source, schedule.as_of, schedule.left_out))
    assert schedule.title in schedule.describe()
    assert all(SHARED_SOURCES.values())


def test_commission_and_exchange_fee_are_known_for_the_same_roots_and_each_is_a_product() -> None:
    tables = [
        part for _, part in FEE_SCHEDULES["interactive_brokers_fixed"].parts if isinstance(part, PerContractByRoot)
    ]
    commission, exchange = (set(table.rates) for table in tables)
    assert commission == exchange
    assert {"ES", "NQ", "CL", "GC", "MES", "YM", "ZN", "ZC", "LE"} <= commission
    assert not {"ZT", "UB", "SR3", "HE", "DX", "B", "FGBL"} & commission, "not found anywhere: stay refused"
    assert len(commission & set(PRODUCTS)) >= 20
