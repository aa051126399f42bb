"""The table of futures roots against LEAN's files, which did not make it. Every difference has its reason."""

import csv
import json
import zipfile
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from periscope.instruments.business_days import BusinessDays
from periscope.instruments.futures import contract_dates
from periscope.instruments.products import PRODUCTS

LEAN = Path(__file__).parents[3] / "shared" / "data" / "lean"
MARKETS = {"ICEUS": "ice", "ICEEU": "ice"}

NOT_IN_LEAN = {
    **dict.fromkeys(("SR3", "ZQ"), "LEAN has Eurodollars, neither SOFR nor Federal Funds"),
    **dict.fromkeys(("I", "R", "Z"), "LEAN has no financial products of ICE Futures Europe"),
    **dict.fromkeys(("FGBL", "FGBM", "FGBS"), "LEAN has no interest rate products of Eurex"),
}
IN_DOLLARS = {
    "SB": "LEAN has dollars per pound, the exchange quotes cents",
    "KC": "LEAN has dollars per pound, the exchange quotes cents",
}
"""Beside those whose `price_magnifier` says so in the file itself."""

BANK_HOLIDAYS = """
    2009-10-12 2009-11-11 2010-10-11 2010-11-11 2011-10-10 2011-11-11 2012-10-08 2012-11-12 2013-10-14 2013-11-11
    2014-10-13 2014-11-11 2015-10-12 2015-11-11 2016-10-10 2016-11-11 2017-10-09 2017-11-10 2018-10-08 2018-11-12
    2019-10-14 2019-11-11 2020-10-12 2020-11-11 2021-10-11 2021-11-11 2022-10-10 2022-11-11 2023-10-09 2024-10-14
    2024-11-11 2025-10-13 2025-11-11
"""
NO_BUSINESS_DAY_IN_LEAN = {
    "Columbus Day and Veterans Day: banks rest, futures trade and settle": BANK_HOLIDAYS.split(),
    "New Year's Day on a Saturday: banks may rest on Friday, CME did not": ["2010-12-31", "2021-12-31"],
    "Hurricane Sandy: LEAN has the stock market's closing; CME Group's notice stops equity indices only": [
        "2012-10-29",
        "2012-10-30",
    ],
    "mourning: LEAN has the stock market's closing; CME Group's notice stops equity indices early": ["2018-12-05"],
}
DIFFERENT_AT_ONE_EXCHANGE = {
    "COMEX": {
        "2025-01-09": "mourning, as on 2018-12-05; LEAN's list for NYMEX has it as we do",
        "2026-09-07": "LEAN's file lacks Labor Day of 2026 for gold",
    },
    "CBOT": {
        "2025-01-09": "mourning, as on 2018-12-05; LEAN's list for NYMEX has it as we do",
        "2023-04-07": "Good Friday with an employment report: interest rates traded for some hours, nothing settled",
        "2026-04-03": "Good Friday with an employment report: interest rates trade for some hours",
    },
}
ZONE_IN_LEAN = {
    "COMEX": ("America/Chicago", "LEAN has CME Globex time, the table the exchange's New York"),
    "ICEEU": ("America/New_York", "LEAN has one market for both ICE exchanges"),
}

pytestmark = pytest.mark.skipif(not LEAN.exists(), reason="the fidelity data are not here")


def market(root: str) -> str:
    code = PRODUCTS[root].exchange.code
    return MARKETS.get(code, code.lower())


def symbol_properties() -> dict[tuple[str, str], dict[str, str]]:
    file = LEAN / "symbol-properties" / "symbol-properties-database.csv"
    with file.open(newline="") as text:
        return {(row["market"], row["symbol"]): row for row in csv.DictReader(text) if row["type"] == "future"}


def test_tick_multiplier_and_currency() -> None:
    rows = symbol_properties()
    differences = []
    for root, product in PRODUCTS.items():
        row = rows.get((market(root), root))
        if row is None:
            assert root in NOT_IN_LEAN, f"{root} is not in LEAN's file, for no reason given"
            continue
        assert root not in NOT_IN_LEAN
        magnifier = Decimal(100 if root in IN_DOLLARS else row["price_magnifier"] or 1)
        theirs = (
            Decimal(row["minimum_price_variation"]) * magnifier,
            Decimal(row["contract_multiplier"]) / magnifier,
            Decimal(row["lot_size"]),
            row["quote_currency"],
        )
        ours = (product.tick, product.multiplier, product.quantity_step, product.currency)
        if ours != theirs:
            differences.append((root, ours, theirs))
    assert differences == []
    assert all(not rows[market(root), root]["price_magnifier"] for root in IN_DOLLARS)


def test_the_default_margins_of_es_are_the_last_of_the_file() -> None:
    with (LEAN / "future" / "cme" / "margins" / "ES.csv").open(newline="") as text:
        rows = [row for row in csv.DictReader(text) if not row["date"].startswith("#")]
    last = rows[-1]
    margin = PRODUCTS["ES"].margin
    assert margin is not None
    day = datetime.strptime(last["date"], "%Y%m%d").date()  # noqa: DTZ007 - a date
    assert (margin.date, margin.initial, margin.maintenance) == (
        day,
        Decimal(last["initial"]),
        Decimal(last["maintenance"]),
    )


def market_hours() -> Any:
    return json.loads((LEAN / "market-hours" / "market-hours-database.json").read_text())["entries"]


def lean_days(entry: Any, *keys: str) -> set[date]:
    texts = [text for key in keys for text in entry.get(key, [])]
    return {datetime.strptime(text, "%m/%d/%Y").date() for text in texts}  # noqa: DTZ007 - a date


@pytest.mark.parametrize("root", ["CL", "GC", "ZN"])
def test_business_days(root: str) -> None:
    """LEAN's holidays (closed) and bank holidays (stubs) of one product of each group, 2009 to 2026."""
    hours = market_hours()
    exchange = PRODUCTS[root].exchange
    theirs = lean_days(hours[f"Future-{market(root)}-[*]"], "holidays") | lean_days(
        hours[f"Future-{market(root)}-{root}"], "holidays", "bankHolidays"
    )
    ours = BusinessDays(exchange.calendars)
    explained = {day for days in NO_BUSINESS_DAY_IN_LEAN.values() for day in days}
    explained |= set(DIFFERENT_AT_ONE_EXCHANGE.get(exchange.code, {}))
    days = [date(2009, 1, 2) + timedelta(days=n) for n in range((date(2026, 12, 31) - date(2009, 1, 2)).days)]
    differences = {
        day.isoformat() for day in days if day.weekday() < 5 and ours.is_business_day(day) != (day not in theirs)
    }
    assert differences == explained


def test_zones() -> None:
    hours = market_hours()
    for root, product in PRODUCTS.items():
        zone = hours[f"Future-{market(root)}-[*]"]["exchangeTimeZone"]
        expected = ZONE_IN_LEAN.get(product.exchange.code, (product.exchange.zone, ""))[0]
        assert zone == expected, root


def test_months_and_last_days_of_es() -> None:
    """The contracts of LEAN's universes and files are of the cycle, and none has a bar after its last trading day."""
    product = PRODUCTS["ES"]
    folder = LEAN / "future" / "cme"
    contracts = {
        line.split(",")[0]
        for file in (folder / "universes" / "es").glob("*.csv")
        for line in file.read_text().splitlines()
        if line[:6].isdigit()
    }
    assert contracts
    assert {int(name[4:6]) for name in contracts} <= set(product.months)
    ended = 0
    with zipfile.ZipFile(folder / "daily" / "es_trade.zip") as daily:
        for name in daily.namelist():
            year, month = int(name[-10:-6]), int(name[-6:-4])
            last = contract_dates(product, year, month).last_trade_day
            assert last is not None
            bars = [line[:8] for line in daily.read(name).decode().splitlines()]
            assert max(bars) <= f"{last:%Y%m%d}", name
            ended += max(bars) == f"{last:%Y%m%d}"
    assert ended > 0, "some contract was traded to its end"
