"""Real backtests in a few words: a small market in a catalog, a strategy as text, the run, and what it left behind."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan
from periscope.engine.backtest import Tuning
from periscope.instruments.instrument import Instrument
from periscope.market.catalog import Catalog
from periscope.market.columns import BarColumns
from periscope.runs.backtest import OnProgress, run_backtest
from periscope.runs.config import RunConfig, parse_run_config

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
SCHEMA = '{"type": "object", "properties": {}}'

HEADER = """\
import json
from datetime import datetime, timedelta
from decimal import Decimal
from libs.shared_ipc.src.framework import StrategyBase
from libs.shared_ipc.src.protocol import *
from libs.shared_ipc.src.protocol import BarTimeSpan as Span, OrderIntent as Intent, OrderType as Type

EQUITY, ETF, FUTURE = AssetType.EQUITY, AssetType.ETF, AssetType.FUTURE
D = Decimal


def register(symbol="AAA", kind=EQUITY, span=Span.MINUTE):
    return RegisterSecurityAction(BarRegistrationRequest(symbol, kind, span))


def order(intent, quantity=None, symbol="AAA", kind=EQUITY, **terms):
    quantity = None if quantity is None else D(quantity)
    return PlaceOrderAction(symbol, kind, Intent(intent), contract_quantity=quantity, **terms)


def limit(intent, quantity, price, symbol="AAA", kind=EQUITY, **terms):
    return order(intent, quantity, symbol, kind, order_type=Type.LIMIT, limit_price=D(price), **terms)


def stop(intent, quantity, price, symbol="AAA", kind=EQUITY, **terms):
    return order(intent, quantity, symbol, kind, order_type=Type.STOP, stop_price=D(price), **terms)


def cash(amount):
    return InsertCashAction(D(amount))


def say(*words):
    print(*words)


def hhmm(time):
    local = time - timedelta(hours=5)
    return f"{local:%H:%M:%S.%f}".removesuffix(".000000").removesuffix(":00")


class Base(StrategyBase):
    def __init__(self, data_coordinator, config):
        self.data = data_coordinator
        self.config = config
        self.bars = 0


"""
"""Stands before the text of every test's strategy. New York is five hours behind UTC in January."""

AAA = Instrument(symbol="AAA", asset_type=AssetType.EQUITY, exchange="XNYS", price_scale=2)
BBB = Instrument(symbol="BBB", asset_type=AssetType.ETF, exchange="XNYS", price_scale=4, volume_scale=1)


def future(symbol: str, expires: str | None, **changes: Any) -> Instrument:
    """A future on XX: 50 dollars a point, 1,000 dollars of margin; `expires` is New York time."""
    facts: dict[str, Any] = {
        "exchange": "CME",
        "price_scale": 2,
        "tick": Decimal("0.25"),
        "multiplier": Decimal(50),
        "initial_margin": Decimal(1000),
        "maintenance_margin": Decimal(900),
        "root": "XX",
        "expires_at": None if expires is None else at(expires),
    }
    return Instrument(symbol=symbol, asset_type=AssetType.FUTURE, **(facts | changes))


def at(local: str) -> int:
    """New York time to microseconds UTC; a time of day alone is one of Monday, 22 January 2024."""
    text = local if "-" in local else f"2024-01-22 {local}"
    moment = datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)
    return round(moment.timestamp() * SECOND)


def bars(rows: Sequence[Sequence[int]]) -> BarColumns:
    """Columns of rows of start, end, open, high, low, close, volume."""
    return BarColumns(*np.array(rows, dtype=np.int64).reshape(-1, 7).T.copy())


def table(text: str, scale: int = 2, length: int = MINUTE) -> BarColumns:
    """Bars of lines like `09:30 100 101 99 100.5 500`."""
    rows = []
    for line in text.strip().splitlines():
        *stamp, o, h, low, c, v = line.split()
        start = at(" ".join(stamp))
        rows.append([start, start + length, *(int(Decimal(price) * 10**scale) for price in (o, h, low, c)), int(v)])
    return bars(rows)


def walk(local: str, count: int, *, first: int = 10_000, step: int = 1, length: int = MINUTE) -> BarColumns:
    """`count` consecutive bars of a price that goes up and down by `step` in a fixed, uneven way."""
    begin = at(local)
    rows = []
    price = first
    for n in range(count):
        close = price + ((n * 7919) % 11 - 5) * step
        high, low = max(price, close) + (n % 3) * step, min(price, close) - (n % 4) * step
        rows.append([begin + n * length, begin + (n + 1) * length, price, high, low, close, 100 + n % 50])
        price = close
    return bars(rows)


@dataclass(frozen=True)
class Ran:
    """What came of a run."""

    document: dict[str, Any]
    exit_code: int
    out: Path

    @property
    def codes(self) -> list[str]:
        """Codes of the issues, those that ended the run first."""
        return [issue["code"] for issue in self.document["issues"]]

    def issue(self, code: str) -> dict[str, Any]:
        """The one issue with that code."""
        found = [issue for issue in self.document["issues"] if issue["code"] == code]
        assert len(found) == 1, self.document["issues"]
        issue: dict[str, Any] = found[0]
        return issue

    @property
    def logs(self) -> list[dict[str, Any]]:
        """What the strategy printed."""
        return [json.loads(line) for line in (self.out / "logs.jsonl").read_text().splitlines()]

    @property
    def said(self) -> list[str]:
        """The lines that it printed to stdout."""
        return [line["line"] for line in self.logs if line["stream"] == "stdout"]

    def table(self, name: str) -> pl.DataFrame:
        """One of the Parquet files."""
        return pl.read_parquet(self.out / f"{name}.parquet")


class Lab:
    """A folder with a catalog in it, in which strategies run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = Catalog.create(folder / "catalog")
        self._runs = 0

    def add(self, instrument: Instrument, **series: BarColumns) -> "Lab":
        """Store bars by span: `minute=...`."""
        self.catalog.add_instruments([instrument])
        for span, columns in series.items():
            self.catalog.write_bars(instrument, BarTimeSpan(span), columns, source="test")
        return self

    def bundle(self, source: str, helpers: dict[str, str] | None = None, *, header: bool = True) -> Path:
        """A strategy's folder."""
        self._runs += 1
        folder = self.folder / f"strategy{self._runs}"
        folder.mkdir()
        (folder / "strategy.py").write_text((HEADER if header else "") + source)
        (folder / "config_schema.json").write_text(SCHEMA)
        for name, text in (helpers or {}).items():
            (folder / name).write_text(text)
        return folder

    def run(
        self,
        source: str | Path,
        *,
        start: str = "09:30",
        end: str = "16:00",
        core: dict[str, Any] | None = None,
        in_process: bool = False,
        tuning: Tuning | None = None,
        progress: OnProgress | None = None,
    ) -> Ran:
        """Run a strategy (its text without HEADER, or its folder) over a window given in New York time."""
        folder = source if isinstance(source, Path) else self.bundle(source)
        out = self.folder / f"out{self._runs}-{len(list(self.folder.glob('out*')))}"
        config = window_config(start, end, core)
        ran = run_backtest(
            folder, config, self.catalog, out=out, progress=progress, in_process=in_process, tuning=tuning
        )
        return Ran(json.loads((out / "result.json").read_text()), ran.exit_code, out)


def window_config(start: str, end: str, core: dict[str, Any] | None = None) -> RunConfig:
    """A run's config with a window given in New York time."""
    edges = {
        name: datetime.fromisoformat(text if "-" in text else f"2024-01-22 {text}").replace(tzinfo=NEW_YORK).isoformat()
        for name, text in (("start", start), ("end", end))
    }
    config = parse_run_config({"environment": edges, "strategy": {}, "core": core or {}})
    assert isinstance(config, RunConfig), config
    return config


def line_of(folder: Path, mark: str = "# HERE", file: str = "strategy.py") -> int:
    """Number of the line with the mark."""
    lines = (folder / file).read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1) if mark in line]
    assert len(found) == 1, found
    return found[0]
