"""The statistics of a run, after the definitions in `statistics_definitions`.

Ratios are floats: they are worked out from exact money with correctly rounded sums (`math.fsum`) and given with ten
significant digits, so that a result's bytes do not depend on the machine's mathematics library. Money stays decimal.
What is undefined is None, never zero and never infinite.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from periscope.instruments.times import time_text
from periscope.portfolio.exact import EXACT, ZERO, plain, unscaled
from periscope.portfolio.statistics_definitions import DEFINITIONS
from periscope.portfolio.statistics_equity import Drawdown, EquitySummary
from periscope.portfolio.trades import Trade

type StatisticValue = str | int | float | None

_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)
_CENT = Decimal("0.01")
_MILLIONTH = Decimal("0.000001")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_NOISE = 1e-14
"""A deviation of daily returns below this is what floats make of returns that are all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the run did, counted where it happened.

    `samples` of the equity curve, `samples_in_market` of them with a position; `traded_value` is the sum of quantity x
    price x multiplier of all fills, both sides, and `fees` the sum of their fees, both money.
    """

    samples: int = 0
    samples_in_market: int = 0
    traded_value: Decimal = ZERO
    fees: Decimal = ZERO


class TradeTally:
    """Sums over closed trades, kept as they come, so that the trades themselves need not be."""

    def __init__(self) -> None:
        self.count = 0
        self.wins = 0
        self.losses = 0
        self.won = ZERO
        self.lost = ZERO
        self.best: Decimal | None = None
        self.worst: Decimal | None = None

    def add(self, trades: Iterable[Trade]) -> None:
        """Count these trades too, by their result after fees."""
        for trade in trades:
            result = trade.net_pnl
            self.count += 1
            if result > ZERO:
                self.wins += 1
                self.won = EXACT.add(self.won, result)
            elif result < ZERO:
                self.losses += 1
                self.lost = EXACT.add(self.lost, result)
            self.best = result if self.best is None else max(self.best, result)
            self.worst = result if self.worst is None else min(self.worst, result)


def compute_statistics(
    equity: EquitySummary,
    trades: TradeTally,
    activity: Activity,
    *,
    sessions_per_year: int,
    risk_free: Decimal = ZERO,
) -> dict[str, StatisticValue]:
    """Every statistic of `DEFINITIONS`, in that order.

    Fractions, ratios and days are floats with ten significant digits, money is a decimal string, times are RFC 3339,
    counts are integers, and what is undefined is None. `risk_free` is a yearly rate as a fraction.
    """
    returns = daily_returns(equity.index)
    total = equity.index[-1] - 1.0 if equity.index else None
    annualised = annualised_return(total, len(equity.index), sessions_per_year)
    daily_rate = math.pow(1.0 + float(risk_free), 1.0 / sessions_per_year) - 1.0
    excess = [value - daily_rate for value in returns]
    values: dict[str, StatisticValue] = {
        "total_return": _rounded(total),
        "annualised_return": _rounded(annualised),
        "net_profit": money_text(unscaled(equity.last_value - equity.net_deposits, 6)),
        "volatility": _rounded(volatility(returns, sessions_per_year)),
        "sharpe": _rounded(sharpe(excess, sessions_per_year)),
        "sortino": _rounded(sortino(excess, sessions_per_year)),
        "trading_days": len(equity.days),
        "exposure": _rounded(_ratio(activity.samples_in_market, activity.samples)),
        "turnover": _rounded(turnover(activity.traded_value, equity.values, sessions_per_year)),
        "fees": money_text(activity.fees),
    }
    values |= _drawdown_statistics(equity, annualised)
    values |= _trade_statistics(trades)
    return {name: values[name] for name in DEFINITIONS}


def daily_returns(index: Sequence[float]) -> list[float]:
    """The return of each trading day from a time-weighted index that starts at 1; stops where the capital is lost."""
    returns: list[float] = []
    before = 1.0
    for level in index:
        if before <= 0.0:
            break
        returns.append(level / before - 1.0)
        before = level
    return returns


def annualised_return(total: float | None, days: int, sessions_per_year: int) -> float | None:
    """The yearly rate that compounds to `total` in `days` trading days; None without days or with nothing left."""
    if total is None or days == 0 or total <= -1.0:
        return None
    try:
        return math.pow(1.0 + total, sessions_per_year / days) - 1.0
    except OverflowError:
        return None


def volatility(returns: Sequence[float], sessions_per_year: int) -> float | None:
    """The sample deviation of daily returns, a year; None below two of them."""
    deviation = _sample_deviation(returns)
    return None if deviation is None else deviation * math.sqrt(sessions_per_year)


def sharpe(excess: Sequence[float], sessions_per_year: int) -> float | None:
    """Sharpe (1994) of daily excess returns, a year; None below two of them or where they do not vary."""
    deviation = _sample_deviation(excess)
    if deviation is None or deviation == 0.0:
        return None
    return _mean(excess) / deviation * math.sqrt(sessions_per_year)


def sortino(excess: Sequence[float], sessions_per_year: int) -> float | None:
    """Sortino and Price (1994) of daily excess returns, a year; None below two of them or where none is negative."""
    if len(excess) < 2:
        return None
    downside = math.sqrt(math.fsum(min(value, 0.0) ** 2 for value in excess) / len(excess))
    if downside < _NOISE:
        return None
    return _mean(excess) / downside * math.sqrt(sessions_per_year)


def turnover(traded_value: Decimal, daily_values: Sequence[int], sessions_per_year: int) -> float | None:
    """Half of what was bought and sold over the mean daily portfolio value (millionths), a year (SEC Form N-1A)."""
    total = sum(daily_values)
    if total <= 0:
        return None
    return float(_ROUNDING.divide(traded_value * 500_000 * sessions_per_year, Decimal(total)))


def money_text(value: Decimal) -> str:
    """Money as text: at least two decimals, at most six (rounded half-even), no exponent."""
    short = plain(value.quantize(_MILLIONTH, context=_ROUNDING))
    exponent = short.as_tuple().exponent
    text = short if isinstance(exponent, int) and exponent < -2 else short.quantize(_CENT, context=_ROUNDING)
    return f"{text if text != ZERO else abs(text):f}"


def _drawdown_statistics(equity: EquitySummary, annualised: float | None) -> dict[str, StatisticValue]:
    fall = equity.max_drawdown
    calmar = None if fall is None or annualised is None else annualised / -fall.depth
    return {
        "calmar": _rounded(calmar),
        "max_drawdown": (0.0 if equity.days else None) if fall is None else _rounded(fall.depth),
        "max_drawdown_days": _rounded(_length_days(fall, equity.ended_at)),
        "max_drawdown_from": None if fall is None else time_text(fall.peak_at),
        "max_drawdown_trough": None if fall is None else time_text(fall.trough_at),
        "max_drawdown_to": None if fall is None or fall.recovered_at is None else time_text(fall.recovered_at),
    }


def _length_days(fall: Drawdown | None, ended_at: int | None) -> float | None:
    if fall is None or ended_at is None:
        return None
    until = ended_at if fall.recovered_at is None else fall.recovered_at
    return (until - fall.peak_at) / _DAY


def _trade_statistics(trades: TradeTally) -> dict[str, StatisticValue]:
    profit_factor = None if trades.losses == 0 else float(_ROUNDING.divide(trades.won, -trades.lost))
    return {
        "trades": trades.count,
        "win_rate": _rounded(_ratio(trades.wins, trades.count)),
        "profit_factor": _rounded(profit_factor),
        "expectancy": _mean_money(EXACT.add(trades.won, trades.lost), trades.count),
        "average_win": _mean_money(trades.won, trades.wins),
        "average_loss": _mean_money(trades.lost, trades.losses),
        "best_trade": None if trades.best is None else money_text(trades.best),
        "worst_trade": None if trades.worst is None else money_text(trades.worst),
    }


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _sample_deviation(values: Sequence[float]) -> float | None:
    """The root of the squared distances from the mean over n - 1; None below two values, 0 where they are the same."""
    if len(values) < 2:
        return None
    mean = _mean(values)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return 0.0 if deviation < _NOISE else deviation


def _mean_money(total: Decimal, count: int) -> str | None:
    return None if count == 0 else money_text(_ROUNDING.divide(total, Decimal(count)))


def _ratio(part: int, whole: int) -> float | None:
    return None if whole == 0 else part / whole


def _rounded(value: float | None) -> float | None:
    """Ten significant digits; what has no finite value is undefined."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.10g}") + 0.0
