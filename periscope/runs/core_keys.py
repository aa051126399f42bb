"""The one table of `core` keys: from it come parsing, `--core k=v`, the effective config, and docs/core-keys.md."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from periscope.engine.settings import (
    AccountName,
    Adjustment,
    FillModelName,
    LimitFill,
    MarginCallPolicy,
    PriceRounding,
    Profile,
    QuoteUse,
)
from periscope.instruments.times import time_text
from periscope.runs.core_values import (
    Reader,
    RefusalError,
    choice,
    currency,
    decimal,
    integer,
    optional,
    seconds,
    shown,
    span_name,
    zone_name,
)
from periscope.runs.cost_keys import NAMED_FEES, read_fees, read_slippage
from periscope.runs.dates import parse_day_or_moment

_LONGEST_LATENCY_SECONDS = Decimal(86_400)


@dataclass(frozen=True, slots=True)
class CoreKey:
    """One key of a run's `core` section; `path` is dotted, `allowed` and `reason` are prose for the docs."""

    path: str
    type_name: str
    default: Any
    allowed: str
    reason: str
    read: Reader


def _good_till(value: Any) -> str | list[str] | None:
    """A date or a time in UTC, as text; or several."""
    if value is None:
        return None
    if isinstance(value, list) and value:
        return [_one_end(each) for each in value]
    return _one_end(value)


def _one_end(value: Any) -> str:
    if not isinstance(value, str):
        raise RefusalError("WRONG_TYPE", f'expected text like "2024-03-28", a list or null, found {shown(value)}')
    try:
        found = parse_day_or_moment(value)
    except ValueError as problem:
        raise RefusalError("BAD_DATE", str(problem)) from None
    return time_text(found) if isinstance(found, int) else found.isoformat()


def _latency(value: Any) -> str:
    found: str = decimal(least=Decimal(0), most=_LONGEST_LATENCY_SECONDS)(value)
    if Decimal(found) % Decimal("0.000001") != 0:
        raise RefusalError("OUT_OF_RANGE", f"expected whole microseconds, found {shown(value)}")
    return found


LATER_KEYS = {
    "calendar": "settable calendars",
}
"""Keys of coming releases, with what they belong to."""

CORE_KEYS: tuple[CoreKey, ...] = (
    CoreKey(
        "profile",
        "text",
        Profile.DEFAULT.value,
        "`default`, `lean`",
        "A named set of rules. `lean` runs by those of QuantConnect LEAN ([the profile](lean-profile.md)).",
        choice(*Profile),
    ),
    CoreKey(
        "currency",
        "text",
        "USD",
        "three letters",
        "The one currency of the books. Orders in another one are rejected; amounts of two are never added.",
        currency,
    ),
    CoreKey(
        "hours",
        "text",
        "regular",
        "`regular`, `extended`",
        "Which bars are delivered and may fill orders.",
        choice("regular", "extended"),
    ),
    CoreKey(
        "seed",
        "integer",
        0,
        "0 to 2^63 - 1",
        "Part of every order id; the same seed gives the same ids.",
        integer(0, 2**63 - 1),
    ),
    CoreKey(
        "execution_span",
        "text or null",
        None,
        "null, `second`, `minute`, `hour`, `day`",
        "Span of the bars that orders meet. Null: the finest the catalog has for the symbol in the window.",
        span_name,
    ),
    CoreKey(
        "fill_model",
        "text",
        FillModelName.NEXT_BAR.value,
        "`next_bar`, `current_close`",
        "`next_bar` never uses a price from before the order. `current_close` is optimistic and marked so.",
        choice(*(name for name in FillModelName if name != FillModelName.LEAN)),
    ),
    CoreKey(
        "quotes",
        "text",
        QuoteUse.OFF.value,
        "`off`, `prefer`, `require`",
        "Whether orders meet quote bars: a buy the asks, a sell the bids. `prefer`: trade bars where there are none.",
        choice(*QuoteUse),
    ),
    CoreKey(
        "limit_fill",
        "text",
        LimitFill.THROUGH.value,
        "`through`, `touch`",
        "`through` fills a limit only where a strictly better price traded; `touch` takes equality.",
        choice(*LimitFill),
    ),
    CoreKey(
        "intrabar",
        "text",
        "pessimistic",
        "`pessimistic`",
        "A stop and a target inside one bar: the stop is taken.",
        choice("pessimistic"),
    ),
    CoreKey(
        "price_rounding",
        "text",
        PriceRounding.PASSIVE.value,
        "`passive`, `reject`",
        "A price off the tick moves to the tick away from the market, or the order is rejected.",
        choice(PriceRounding.PASSIVE, PriceRounding.REJECT),
    ),
    CoreKey(
        "slippage",
        "text or object",
        "none",
        '`"none"`, `{"ticks": n}`, `{"basis_points": "x"}`, `{"volume_share": {"price_impact": "x", "power": 1 or 2}}`',
        "How far each fill moves against the order.",
        read_slippage,
    ),
    CoreKey(
        "participation",
        "decimal or null",
        None,
        "null, or more than 0 and at most 1",
        "Largest share of a bar's volume that a symbol's orders may take. Null: no cap.",
        optional(decimal(least=Decimal(0), most=Decimal(1), least_allowed=False)),
    ),
    CoreKey(
        "fees",
        "text or object",
        "none",
        ", ".join(f'`"{name}"`' for name in NAMED_FEES) + ", or an object of `per_share`, `basis_points`, `minimum`, "
        "`maximum`, `maximum_basis_points`, `per_contract`, each at least 0",
        "What a fill costs; minimum and maximum count per order over its fills.",
        read_fees,
    ),
    CoreKey(
        "account",
        "text",
        AccountName.MARGIN.value,
        "`margin`, `cash`",
        "`margin` lends against shares and lets them be sold short; `cash` does neither. Futures by margin in both.",
        choice(AccountName.MARGIN, AccountName.CASH),
    ),
    CoreKey(
        "margin.initial",
        "decimal",
        "0.5",
        "more than 0 and at most 1",
        "Part of the value of shares that opening them needs in a margin account. US brokers must ask a half.",
        decimal(least=Decimal(0), most=Decimal(1), least_allowed=False),
    ),
    CoreKey(
        "margin.maintenance",
        "decimal",
        "0.25",
        "0 to 1, at most `margin.initial`",
        "Part of the value of shares that keeping them needs; less is a margin call. US brokers must ask a quarter.",
        decimal(least=Decimal(0), most=Decimal(1)),
    ),
    CoreKey(
        "on_margin_call",
        "text",
        MarginCallPolicy.WARN.value,
        "`warn`, `liquidate`",
        "Equity below the maintenance requirement: an issue only, or also market orders that close what is needed.",
        choice(*MarginCallPolicy),
    ),
    CoreKey(
        "borrow_rate",
        "decimal",
        "0",
        "0 to 10",
        "Yearly rate for borrowing shares that are short, per calendar day on their market value, a 360th of it.",
        decimal(least=Decimal(0), most=Decimal(10)),
    ),
    CoreKey(
        "interest.cash",
        "decimal",
        "0",
        "0 to 10",
        "Yearly rate paid on cash, proceeds of short sales left out, per calendar day, a 360th of it.",
        decimal(least=Decimal(0), most=Decimal(10)),
    ),
    CoreKey(
        "interest.debit",
        "decimal",
        "0",
        "0 to 10",
        "Yearly rate charged on what is borrowed, per calendar day, a 360th of it.",
        decimal(least=Decimal(0), most=Decimal(10)),
    ),
    CoreKey(
        "lean.stale_seconds",
        "decimal",
        "3600",
        "0 to 31,536,000",
        "For the profile `lean`: how old prices may be for a market order to fill at them.",
        decimal(least=Decimal(0), most=Decimal(31_536_000)),
    ),
    CoreKey(
        "lean.close_buffer_seconds",
        "decimal",
        "930",
        "0 to 86,400",
        "For the profile `lean`: how long before the close the last market-on-close order must come.",
        decimal(least=Decimal(0), most=Decimal(86_400)),
    ),
    CoreKey(
        "lean.leverage",
        "decimal",
        "2",
        "1 to 1,000",
        "For the profile `lean`: equities need their value divided by it.",
        decimal(least=Decimal(1), most=Decimal(1000)),
    ),
    CoreKey(
        "lean.time_zone",
        "text",
        "America/New_York",
        "a name of the time zone database",
        "For the profile `lean`: the clock whose midnights are sampled.",
        zone_name,
    ),
    CoreKey(
        "adjustment",
        "text",
        Adjustment.SPLIT.value,
        "`split`, `raw`, `total_return`",
        "`split`: prices and quantities in shares of the run's start. `raw`: as traded, splits change positions. "
        "`total_return`: past prices scaled for splits and dividends; it knows the future by a constant.",
        choice(Adjustment.SPLIT, Adjustment.RAW, Adjustment.TOTAL_RETURN),
    ),
    CoreKey(
        "risk_free",
        "decimal",
        "0",
        "more than -1 and at most 1",
        "Yearly rate that Sharpe and Sortino subtract.",
        decimal(least=Decimal(-1), most=Decimal(1), least_allowed=False),
    ),
    CoreKey(
        "good_till",
        "text, list or null",
        None,
        "null, a date, or a time with its offset; or a list of them, one for each GTD order as they are placed",
        "End of GTD orders. A date means that trading day's close. Null: GTD orders are rejected. The last of a list "
        "counts for all further orders.",
        _good_till,
    ),
    CoreKey(
        "latency_seconds",
        "decimal",
        "0",
        "0 to 86,400, in whole microseconds",
        "How long an order or a cancellation takes to the market. Above 0, `current_close` fills as `next_bar`.",
        _latency,
    ),
    CoreKey(
        "limits.handler_seconds",
        "number",
        10.0,
        "more than 0",
        "Wall time that one handler call may take, whatever it does. The engine's answers to it don't count.",
        seconds,
    ),
    CoreKey(
        "limits.start_seconds",
        "number",
        30.0,
        "more than 0",
        "Wall time for importing the strategy and making it.",
        seconds,
    ),
    CoreKey(
        "limits.total_seconds",
        "number or null",
        None,
        "null, or more than 0",
        "Wall time of the whole run, also in the middle of a handler. Null: no limit.",
        optional(seconds),
    ),
    CoreKey(
        "limits.memory_bytes",
        "integer",
        2 << 30,
        "67,108,864 (64 MiB) to 1,099,511,627,776 (1 TiB)",
        "Memory of the strategy's process. Python itself takes about 20 MB, the stack of each thread counts as 8 MiB.",
        integer(64 << 20, 1 << 40),
    ),
    CoreKey(
        "limits.events_per_instant",
        "integer",
        10_000,
        "1 to 10,000,000",
        "Events other than bars at one instant; more of them is a loop.",
        integer(1, 10_000_000),
    ),
    CoreKey(
        "limits.actions_per_reply",
        "integer",
        1_000,
        "1 to 1,000,000",
        "Actions that one handler may return.",
        integer(1, 1_000_000),
    ),
    CoreKey(
        "limits.open_orders",
        "integer",
        10_000,
        "1 to 1,000,000",
        "Orders that may rest at one time. Each costs memory, and time whenever the strategy acts.",
        integer(1, 1_000_000),
    ),
    CoreKey(
        "limits.output_bytes",
        "integer",
        10_000_000,
        "0 to 10,000,000,000",
        "How much of what the strategy prints is kept; a line counts at least 32 bytes. The rest is counted.",
        integer(0, 10_000_000_000),
    ),
)
