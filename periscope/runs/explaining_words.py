"""What `explain` says in sentences: each rule of the fill models, and what would have changed an order's lot."""

from decimal import Decimal
from typing import Any

from periscope.execution.fill_models.next_bar import LimitFill
from periscope.execution.meeting import Rule
from periscope.instruments.times import time_text
from periscope.runs.explaining_bars import Bar, Stretch, text

type Row = dict[str, Any]

PROSE = {
    Rule.MARKET_AT_OPEN: "A market order fills at the open of the first bar that starts at or after it was placed.",
    Rule.MARKET_AT_CLOSE: "Under current_close a market order fills at the close of the bar that has just ended.",
    Rule.LIMIT_AT_OPEN: "The bar opened at a better price than the limit: the order fills at the open.",
    Rule.LIMIT_INSIDE: "The bar traded through the limit after its open: the order fills at its limit.",
    Rule.STOP_AT_OPEN: "The bar opened at or beyond the stop: the stop becomes a market order and fills at the open.",
    Rule.STOP_INSIDE: "The bar touched the stop after its open: the order fills at its stop.",
    Rule.STOP_LIMIT_AT_STOP: "The bar touched the stop, and the stop price is inside the limit: filled at the stop.",
    Rule.STOP_LIMIT_AT_LIMIT: "The bar touched the stop and closed beyond the limit: filled at the limit.",
    Rule.MARKET_ON_OPEN: "The order fills at the opening price of the session.",
    Rule.LIMIT_ON_OPEN: "The session opened at a better price than the limit: the order fills at the opening price.",
    Rule.MARKET_ON_CLOSE: "The order fills at the closing price of the session.",
    Rule.LIMIT_ON_CLOSE: "The session closed at a better price than the limit: the order fills at the closing price.",
}
"""The rule that a fill names, in a sentence."""


def could_have(order: Row, fill: Row, met: Bar | None, after: Bar | None, limit_fill: LimitFill) -> list[str]:
    """What would have made a fill another one: the bar's other prices, the next bar, more volume."""
    found = []
    sign = 1 if order["side"] == "BUY" else -1
    if met is not None:
        best = met.low if sign > 0 else met.high
        name = "low" if sign > 0 else "high"
        if order["limit_price"] is not None and best != fill["price"]:
            found.append(f"{_a_limit(sign, limit_fill)} {text(best)}, the bar's {name}, would have filled in this bar")
        elif order["limit_price"] is None and (fill["price"] - best) * sign > 0:
            found.append(f"the bar's best price for this side was its {name}, {text(best)}; only a limit order gets it")
    if after is not None:
        worse = (after.open - fill["price"]) * sign
        what = "the same" if worse == 0 else f"{text(abs(worse))} {'worse' if worse > 0 else 'better'} a unit"
        found.append(f"the next bar opened at {text(after.open)} ({time_text(after.start)}): {what}")
    if fill["volume_cap"] is not None and fill["quantity"] == fill["volume_cap"]:
        found.append("a larger core.participation, or more volume, would have filled more here")
    moved = abs(fill["price"] - fill["price_before_slippage"])
    if moved != 0:
        found.append(f"without slippage the price would have been {text(fill['price_before_slippage'])}")
    return found


def why_it_ended(order: Row, stretch: Stretch | None, limit_fill: LimitFill) -> tuple[str, list[str]]:
    """Why an order that was not refused came to its end, and what would have helped where something is left of it."""
    state = order["state"]
    if state == "FILLED":
        return "all of it has filled", []
    because = {
        "WORKING": "it was still resting when the run ended",
        "EXPIRED": f"its time in force, {order['time_in_force']}, was over",
        "CANCELLED": _why_cancelled(order),
    }.get(state, "")
    return because, _what_would_have_filled(order, stretch, limit_fill)


def _why_cancelled(order: Row) -> str:
    if order["time_in_force"] in ("IOC", "FOK"):
        rest = "the rest of it" if order["filled_quantity"] else "it"
        return f"{order['time_in_force']}: the first price did not fill all of it, and {rest} was cancelled"
    if order["intent"] in ("CLOSE", "BUY_TO_CLOSE", "SELL_TO_CLOSE"):
        return "the position that it was to close was flat or had changed sides, or the strategy cancelled it"
    return "the strategy cancelled it (CancelLimitsAction)"


def _what_would_have_filled(order: Row, stretch: Stretch | None, limit_fill: LimitFill) -> list[str]:
    if stretch is None:
        return ["no bar came while it rested: a longer time in force, or a finer execution_span, if there is one"]
    sign = 1 if order["side"] == "BUY" else -1
    best, worst = (stretch.low, stretch.high) if sign > 0 else (stretch.high, stretch.low)
    found = []
    if order["stop_price"] is not None and (worst.price - order["stop_price"]) * sign < 0:
        side = "highest" if sign > 0 else "lowest"
        found.append(
            f"the stop was never touched: the {side} price was {text(worst.price)} ({time_text(worst.start)}); "
            f"a stop at {text(worst.price)} would have been touched"
        )
    elif order["limit_price"] is not None:
        side = "lowest" if sign > 0 else "highest"
        found.append(f"the {side} price while it rested was {text(best.price)} ({time_text(best.start)})")
        if _short_of(order["limit_price"], best.price, sign, limit_fill):
            found.append(f"{_a_limit(sign, limit_fill)} {text(best.price)} would have filled")
            if order["limit_price"] == best.price:
                found.append('with core.limit_fill "touch" this price was enough')
        else:
            found.append("the price was reached: volume, the stop's own bar, or a stop taken before it kept it from it")
    elif order["filled_quantity"] < order["quantity"]:
        found.append("more volume, or a larger core.participation, would have filled more")
    return found


def _short_of(limit: Decimal, best: Decimal, sign: int, limit_fill: LimitFill) -> bool:
    gap = (limit - best) * sign
    return gap < 0 if limit_fill is LimitFill.TOUCH else gap <= 0


def _a_limit(sign: int, limit_fill: LimitFill) -> str:
    beyond = "above" if sign > 0 else "below"
    return f"any limit {beyond}" if limit_fill is LimitFill.THROUGH else f"any limit at or {beyond}"
