"""Run folders as the engine writes them, made up: an equity at minutes, a future, a failed run, a run without fills.

`python -m tests.report.make_run FOLDER` writes all of them with their reports, to be looked at in a browser.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from libs.shared_ipc.src.protocol import AssetType
from periscope.instruments.times import time_text
from periscope.report.bars import BarsSource, DataEntry, SeriesBars
from periscope.report.page import write_report
from tests.report.made import MadeRun, Market, make_fills, make_market
from tests.report.write_run import write_run


def equity_run(*, bars: int = 100_000, fills: int = 5_000) -> MadeRun:
    """SPY at minutes, in and out all the time."""
    market = make_market("SPY", AssetType.EQUITY, "ARCX", bars=bars, first_price=382.0, tick="0.01", seed=5)
    return MadeRun(
        name="two_averages",
        markets=[market],
        fills=make_fills(market, fills=fills, quantity=100, fee="0"),
        logs=[
            {"time": time_text(int(market.bars.end[40 * n])), "stream": "stdout", "line": f"fast {n}.25 slow {n}.75"}
            for n in range(min(60, bars // 40))
        ],
        notes=["no trading costs modelled"],
    )


def futures_run(*, bars: int = 30_000, fills: int = 301) -> MadeRun:
    """ESH4 at minutes, long and short, with fees and slippage, and a second series."""
    market = make_market("ESH4", AssetType.FUTURE, "CME", bars=bars, first_price=4_780.0, tick="0.25", seed=8)
    other = make_market("NQH4", AssetType.FUTURE, "CME", bars=bars // 3, first_price=16_800.0, tick="0.25", seed=9)
    return MadeRun(
        name="futures_trend",
        markets=[market, other],
        fills=make_fills(market, fills=fills, quantity=2, fee="4.20", slip_ticks=1, short=True),
        fees="2.10 per contract",
    )


def failed_run() -> MadeRun:
    """A strategy that raised, with hostile names and lines."""
    run = equity_run(bars=3_000, fills=41)
    first = time_text(int(run.markets[0].bars.end[1_200]))
    run.name, run.status, run.equity_rows = "<img src=x onerror=alert(1)>", "error", 1_200
    run.fills = [fill for fill in run.fills if fill.bar < 1_200]
    run.issues = [
        {
            "id": "1",
            "component": "strategy",
            "classification": "user_error",
            "severity": "fatal",
            "code": "STRATEGY_EXCEPTION",
            "message": "ZeroDivisionError: division by zero in on_bar, at SPY </script><script>alert(1)</script>",
            "count": 1,
            "first": first,
            "last": first,
            "location": {"file": "strategy.py", "line": 41, "function": "on_bar"},
        },
        {
            "id": "2",
            "component": "simulation",
            "classification": "user_error",
            "severity": "refusal",
            "code": "OUT_OF_CASH",
            "message": "order 17 of 900 SPY needs 344,250.00 USD; 99,812.40 USD are free: 244,437.60 USD missing",
            "count": 12,
            "first": time_text(int(run.markets[0].bars.end[200])),
            "last": first,
            "location": None,
        },
    ]
    run.logs += [
        {
            "time": first,
            "stream": "stderr",
            "line": "Traceback (most recent call last): \u202e\x1b[31m<img src=x onerror=alert(1)>",
        },
        {"time": None, "stream": "stderr", "line": "</script><script>document.title='owned'</script>"},
    ]
    return run


def empty_run() -> MadeRun:
    """Bars were delivered, and nothing was done about them."""
    run = equity_run(bars=2_000, fills=0)
    run.name = "observe_bars"
    run.logs = []
    return run


def unconfined_run() -> MadeRun:
    """A run of code that its owner trusts, without a sandbox."""
    run = equity_run(bars=4_000, fills=81)
    run.name, run.tier = "my_own_averages", "unconfined"
    run.issues = [
        {
            "id": "3",
            "component": "simulation",
            "classification": "user_error",
            "severity": "warning",
            "code": "RUN_UNCONFINED",
            "message": "the strategy's process was not confined: it could read files and use the network as you can",
            "count": 1,
            "first": None,
            "last": None,
            "location": None,
        }
    ]
    return run


def source_of(*markets: Market) -> BarsSource:
    """A bars source that has just these markets."""
    by_name = {(market.symbol, market.asset_type.value): market for market in markets}

    def find(entry: DataEntry, /) -> SeriesBars | None:
        market = by_name.get((entry.symbol, entry.asset_type))
        return None if market is None else market.series()

    return find


RUNS: dict[str, Callable[[], MadeRun]] = {
    "equity": equity_run,
    "futures": futures_run,
    "failed": failed_run,
    "empty": empty_run,
    "unconfined": unconfined_run,
}


def main(folder: Path) -> None:
    """Write every run and its report below `folder`."""
    for name, make in RUNS.items():
        run = make()
        write_run(run, folder / name)
        write_report(folder / name, folder / f"{name}.html", catalog_root=None, bars_source=source_of(*run.markets))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
