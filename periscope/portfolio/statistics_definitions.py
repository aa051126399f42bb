"""What each statistic means: the one text that the docs, the report and the code share."""

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """How a statistic's value is to be read. Money is an exact decimal string in the run's currency."""

    FRACTION = "fraction"
    RATIO = "ratio"
    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    TIME = "time"


class Group(StrEnum):
    """Which statistics belong together on a page."""

    RETURN = "Return"
    RISK = "Risk"
    TRADES = "Trades"
    ACTIVITY = "Activity"


@dataclass(frozen=True, slots=True)
class Definition:
    """A statistic in words: `text` says how it is worked out and when it is undefined, `source` where that is from."""

    title: str
    group: Group
    unit: Unit
    text: str
    source: str


_GIPS = "CFA Institute, Global Investment Performance Standards (2020), time-weighted return"
_SHARPE = "W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994"
_SORTINO = (
    "F. A. Sortino and L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of Investing, 1994"
)
_CALMAR = "T. W. Young, Calmar Ratio: A Smoother Tool, Futures, October 1991"
_MAGDON = "M. Magdon-Ismail and A. F. Atiya, Maximum Drawdown, Risk 17(10), 2004"
_BACON = "C. R. Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed., 2008"
_SEC = "U.S. SEC, Form N-1A, Item 13, portfolio turnover rate"
_THARP = "V. K. Tharp, Trade Your Way to Financial Freedom, 1998"
_PARDO = "R. Pardo, The Evaluation and Optimization of Trading Strategies, 2nd ed., 2008"
_FIFO = "IRS Publication 550, first in, first out"

DEFINITIONS: dict[str, Definition] = {
    "total_return": Definition(
        "Total return",
        Group.RETURN,
        Unit.FRACTION,
        "The time-weighted index at the end less one: the returns between cash flows, chained, so that deposits and "
        "withdrawals are no return. Undefined without a trading day with capital.",
        _GIPS,
    ),
    "annualised_return": Definition(
        "Annualised return",
        Group.RETURN,
        Unit.FRACTION,
        "The index to the power of sessions a year over trading days, less one. Undefined without a trading day with "
        "capital, and when the capital is lost.",
        _GIPS,
    ),
    "net_profit": Definition(
        "Net profit",
        Group.RETURN,
        Unit.MONEY,
        "The final portfolio value less deposits plus withdrawals: realised and unrealised, after fees.",
        "Accounting identity",
    ),
    "volatility": Definition(
        "Volatility",
        Group.RISK,
        Unit.FRACTION,
        "The sample standard deviation of daily returns times the square root of sessions a year. Undefined below two "
        "daily returns.",
        _BACON,
    ),
    "sharpe": Definition(
        "Sharpe ratio",
        Group.RISK,
        Unit.RATIO,
        "The mean of daily returns in excess of the risk-free rate over their sample standard deviation, times the "
        "square root of sessions a year. The risk-free rate core.risk_free is a yearly one, spread over sessions by "
        "compounding. Undefined below two daily returns or where they do not vary.",
        _SHARPE,
    ),
    "sortino": Definition(
        "Sortino ratio",
        Group.RISK,
        Unit.RATIO,
        "The mean of daily returns in excess of the risk-free rate over their downside deviation, times the square "
        "root of sessions a year. The downside deviation is the root of the mean, over all days, of the squared excess "
        "returns below zero. Undefined below two daily returns or where none is below the rate.",
        _SORTINO,
    ),
    "calmar": Definition(
        "Calmar ratio",
        Group.RISK,
        Unit.RATIO,
        "The annualised return over the size of the maximum drawdown, over the whole run. Undefined without a "
        "drawdown.",
        _CALMAR,
    ),
    "max_drawdown": Definition(
        "Max drawdown",
        Group.RISK,
        Unit.FRACTION,
        "The deepest fall of the time-weighted index from an earlier peak, over every sample of the equity curve and "
        "not only daily closes: zero or negative. Undefined without a trading day with capital.",
        _MAGDON,
    ),
    "max_drawdown_days": Definition(
        "Drawdown length",
        Group.RISK,
        Unit.DAYS,
        "Calendar days from the peak before the maximum drawdown until the index was back at it, or until the end of "
        "the run if it never was. Undefined without a drawdown.",
        _BACON,
    ),
    "max_drawdown_from": Definition(
        "Drawdown from",
        Group.RISK,
        Unit.TIME,
        "The last moment at the peak before the maximum drawdown.",
        _BACON,
    ),
    "max_drawdown_trough": Definition(
        "Drawdown trough",
        Group.RISK,
        Unit.TIME,
        "The lowest moment of the maximum drawdown.",
        _BACON,
    ),
    "max_drawdown_to": Definition(
        "Drawdown recovered",
        Group.RISK,
        Unit.TIME,
        "The first moment back at the peak. Undefined if the run ended before.",
        _BACON,
    ),
    "exposure": Definition(
        "Exposure",
        Group.ACTIVITY,
        Unit.FRACTION,
        "The share of the equity curve's samples at which a position was held. Undefined without a sample.",
        "Time in market, as a share of the observations",
    ),
    "turnover": Definition(
        "Turnover",
        Group.ACTIVITY,
        Unit.RATIO,
        "Half of the money value of all purchases and sales (futures: price times multiplier) over the mean portfolio "
        "value at daily closes, a year. Half of both sides stands in for the source's lesser of the two, so that it is "
        "defined while positions are open. Undefined without capital.",
        _SEC,
    ),
    "trading_days": Definition(
        "Trading days",
        Group.ACTIVITY,
        Unit.COUNT,
        "Days of the exchange's calendar with a sample of the equity curve, from the first deposit on.",
        _GIPS,
    ),
    "fees": Definition(
        "Fees", Group.ACTIVITY, Unit.MONEY, "The fees of all fills, those of open positions included.", "Sum of fills"
    ),
    "trades": Definition(
        "Trades",
        Group.TRADES,
        Unit.COUNT,
        "Closed round trips: each part of an opening fill that one fill closed is one, the oldest lot first.",
        _FIFO,
    ),
    "win_rate": Definition(
        "Win rate",
        Group.TRADES,
        Unit.FRACTION,
        "Trades with a profit after fees over all trades; one that breaks even is no win. Undefined without trades.",
        _PARDO,
    ),
    "profit_factor": Definition(
        "Profit factor",
        Group.TRADES,
        Unit.RATIO,
        "The profits of winning trades over the losses of losing trades, after fees. Undefined without a losing trade.",
        _PARDO,
    ),
    "expectancy": Definition(
        "Expectancy",
        Group.TRADES,
        Unit.MONEY,
        "The mean profit of a trade after fees. Undefined without trades.",
        _THARP,
    ),
    "average_win": Definition(
        "Average win",
        Group.TRADES,
        Unit.MONEY,
        "The mean profit of winning trades after fees. Undefined without one.",
        _PARDO,
    ),
    "average_loss": Definition(
        "Average loss",
        Group.TRADES,
        Unit.MONEY,
        "The mean result of losing trades after fees, negative. Undefined without one.",
        _PARDO,
    ),
    "best_trade": Definition(
        "Best trade", Group.TRADES, Unit.MONEY, "The largest result of a trade after fees.", "Order statistic"
    ),
    "worst_trade": Definition(
        "Worst trade", Group.TRADES, Unit.MONEY, "The smallest result of a trade after fees.", "Order statistic"
    ),
}
"""Every statistic by its name in a result, in the order in which they are shown."""
