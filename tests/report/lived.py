"""A run to which everything happens: splits, dividends, a new ticker, a margin call, an expiry and a delisting.

`python -m tests.report.lived FOLDER` runs it there and writes its report, to be looked at in a browser.
"""

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.instrument import Instrument
from periscope.instruments.sessions import sessions_for
from periscope.instruments.tickers import ticker_periods
from periscope.market.columns import BarColumns
from periscope.market.corporate_actions import ActionKind, StoredAction, add_corporate_actions
from periscope.report.page import write_report
from tests.runs.lab import AAA, HOUR, Lab, Ran, at, bars, future

PAYER = Instrument(symbol="PAY", asset_type=AssetType.EQUITY, exchange="XNYS", price_scale=2)
ACTIONS = {
    "AAA": [
        StoredAction(date(2024, 1, 10), ActionKind.SPLIT, "2:1", "test"),
        StoredAction(date(2024, 1, 16), ActionKind.DIVIDEND, "0.55", "test"),
    ],
    "PAY": [
        StoredAction(date(2024, 1, 12), ActionKind.DIVIDEND, "0.333", "test"),
        StoredAction(date(2024, 1, 18), ActionKind.SPLIT, "3:2", "test"),
    ],
}
STRATEGY = """
class Strategy(Base):
    async def on_start(self, as_of_time):
        names = [("AAA", EQUITY), ("PAY", EQUITY), ("XXF4", FUTURE)]
        return [cash("50000"), *(register(name, kind, Span.HOUR) for name, kind in names)]
    async def on_bar(self, event):
        self.bars += 1
        if self.bars == 3:
            return [order("BUY", 701), order("SELL", 75, "PAY"), order("BUY", 3, "XXF4", FUTURE), limit("BUY", 5, "20")]
        if self.bars == 40:
            return [order("SELL", 1, "XXF4", FUTURE), WithdrawCashAction(D("1000"))]
        return []
"""
CORE = {
    "adjustment": "raw",
    "on_margin_call": "liquidate",
    "fees": {"per_share": "0.005", "minimum": "1", "per_contract": "2.26"},
    "interest": {"cash": "0.02", "debit": "0.06"},
    "borrow_rate": "0.03",
}


def lived_run(folder: Path) -> Ran:
    """Run it in a folder that is there."""
    return lived_lab(folder).run(STRATEGY, start="2024-01-02 09:30", end="2024-02-02 16:00", core=CORE)


def lived_lab(folder: Path) -> Lab:
    """Its catalog: a share that is split, pays and falls deep; one that is delisted; a future that expires."""
    lab = Lab(folder)
    names = ticker_periods([(date(2024, 1, 1), "OLD"), (date(2024, 1, 19), "OLD"), (None, "AAA")], "test")
    share = replace(AAA, names=names, valid_from=names[0].first_day)
    gone = replace(PAYER, expires_at=at("2024-01-30 16:00"))
    lab.add(share, hour=_path(10_000, {"2024-01-10": 0.5, "2024-01-24": 0.3}, "2024-02-02"))
    lab.add(gone, hour=_path(6_000, {"2024-01-18": 2 / 3}, "2024-01-30"))
    lab.add(future("XXF4", "2024-01-26 16:00"), hour=_path(480_000, {}, "2024-01-26", tick=25))
    for symbol, actions in ACTIONS.items():
        add_corporate_actions(lab.catalog.files, symbol, actions)
    return lab


def _path(price: int, jumps: dict[str, float], last: str, *, tick: int = 1) -> BarColumns:
    """Hours from 2024-01-02 to a day; at the opens of the days in `jumps` the price is so many times what it was."""
    rows: list[list[int]] = []
    for number, session in enumerate(
        sessions_for("XNYS").sessions_between(at("2024-01-02 00:00"), at(f"{last} 23:00"))
    ):
        day = str(date.fromordinal(date(1970, 1, 1).toordinal() + session.open // (24 * HOUR)))
        price = round(price * jumps.get(day, 1) / tick) * tick
        start = session.open
        while start < session.close:
            end = min(session.close, (start // HOUR + 1) * HOUR)
            move = ((len(rows) * 7919 + number) % 13 - 6) * tick * (1 + price // (1_000 * tick) // 2)
            close = price + move
            high, low = max(price, close) + 2 * tick, min(price, close) - 3 * tick
            rows.append([start, end, price, high, low, close, 1_000 + len(rows) * 37 % 900])
            start, price = end, close
    return bars(rows)


if __name__ == "__main__":
    ran = lived_run(Path(sys.argv[1]))
    print(write_report(ran.out, Path(sys.argv[1]) / "lived.html", catalog_root=None), ran.codes)
