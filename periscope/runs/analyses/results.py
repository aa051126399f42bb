"""Results that hang on one trade or one day, and money that does nothing."""

from collections.abc import Iterator

from periscope.instruments.sessions import day_of_number
from periscope.instruments.times import time_text
from periscope.portfolio.statistics import daily_returns, money_text
from periscope.runs.analyses.ended import EndedRun, Finding

_FEWEST_TRADES = 5
_FEWEST_DAYS = 20
_FEWEST_SAMPLES = 100
_IDLE = 0.05


def one_trade(run: EndedRun) -> Iterator[Finding]:
    """The closed trades made money, and without the best of them they would not have."""
    tally, best = run.recorder.tally, run.traces.best_trade
    if best is None or tally.count < _FEWEST_TRADES:
        return
    total = tally.won + tally.lost
    if total > 0 and total - best.net_pnl <= 0:
        text = (
            f"{tally.count} closed trades made {money_text(total)}, of which {money_text(best.net_pnl)} in a single "
            f"one: {best.symbol}, opened {time_text(best.entry_time)}, closed {time_text(best.exit_time)}. Without it "
            f"they lost {money_text(best.net_pnl - total)}"
        )
        yield Finding("ONE_TRADE_DECIDES", text, best.symbol)


def one_day(run: EndedRun) -> Iterator[Finding]:
    """The run gained, and without its best day it would not have."""
    equity = run.equity
    returns = daily_returns(equity.index)
    if len(returns) < _FEWEST_DAYS or equity.index[-1] <= 1.0:
        return
    best = max(range(len(returns)), key=returns.__getitem__)
    if equity.index[-1] / (1.0 + returns[best]) <= 1.0:
        text = (
            f"the run returned {equity.index[-1] - 1.0:.2%} in {len(returns)} trading days, and {returns[best]:.2%} "
            f"came on {day_of_number(equity.days[best])} alone: without that day it lost"
        )
        yield Finding("ONE_DAY_DECIDES", text)


def idle_cash(run: EndedRun) -> Iterator[Finding]:
    """The portfolio was funded and traded, but held next to nothing most of the time."""
    activity = run.recorder.activity
    if not run.traces.fills or activity.samples < _FEWEST_SAMPLES:
        return
    share = activity.samples_in_market / activity.samples
    if share < _IDLE:
        text = f"a position was open in {share:.1%} of the samples of the equity curve: the cash was idle otherwise"
        yield Finding("CASH_IDLE", text)
