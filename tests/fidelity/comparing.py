"""The comparison: each figure and each field of each order, expected beside actual. Nothing else reads `expected`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tests.fidelity.cases import FIGURES, Case
from tests.fidelity.fields import FieldError, number_of
from tests.fidelity.running import Outcome

_PRINTED = Decimal("1E-10")
"""Prices and fees are printed with at most ten decimals."""
_CENT, _SAMPLE = Decimal("0.01"), Decimal("0.0001")
_FIELDS = (
    "placed_at",
    "symbol",
    "type",
    "side",
    "quantity",
    "limit",
    "stop",
    "tif",
    "status",
    "filled_at",
    "fill_price",
    "fee",
)
_TIMES = frozenset({"placed_at", "filled_at"})
_EXACT = frozenset({"quantity", "limit", "stop"})
_ROUNDED = frozenset({"fill_price", "fee"})
_STATUSES = {"cancelled": "canceled", "expired": "canceled", "new": "submitted", "working": "submitted"}
"""Other words for what became of an order."""
_STATES = {"WORKING": {"submitted"}, "FILLED": {"filled"}, "REJECTED": {"invalid"}}
_WAIVERS = Path(__file__).with_name("waivers.txt")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing compared. `waived` is the reason for which a difference is accepted."""

    name: str
    expected: str
    actual: str
    equal: bool
    waived: str | None = None

    @property
    def passes(self) -> bool:
        """Equal, or accepted as it is."""
        return self.equal or self.waived is not None


def compare(case: Case, outcome: Outcome) -> list[Line]:
    """All lines of a case: the five figures, then the orders."""
    waivers = read_waivers()
    waived_orders: Waived | None = None
    lines = []
    for name in FIGURES:
        expected = case.expected.get(name)
        actual = _figure(name, outcome.figures[name])
        equal = expected is not None and _number(expected) == Decimal(actual)
        waived = None if equal else waivers.get((case.name, name, str(expected), actual))
        waived_orders = waived or waived_orders
        lines.append(Line(name, str(expected), actual, equal, None if waived is None else waived.reason))
    lines += _orders(case, outcome, waived_orders)
    if case.final_states is not None:
        lines += _final_states(case.final_states, outcome.orders)
    return lines


@dataclass(frozen=True, slots=True)
class Waived:
    """Why a difference is accepted, and which orders of the trace need not be there because of it."""

    orders: frozenset[str]
    reason: str


def read_waivers() -> dict[tuple[str, str, str, str], Waived]:
    """Accepted differences by case, figure, expected and actual value."""
    found = {}
    for line in _WAIVERS.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            case, figure, expected, actual, orders, reason = (part.strip() for part in line.split("|"))
            found[case, figure, expected, actual] = Waived(frozenset(orders.split()), reason)
    return found


def _figure(name: str, text: str) -> str:
    """A figure as the cases print it: money to the cent, the equity as the last sample of the curve has it."""
    if name == "end_equity":
        sampled = Decimal(text).quantize(_SAMPLE, ROUND_HALF_EVEN)
        return format(sampled.quantize(_CENT, ROUND_HALF_EVEN), "f")
    if name == "total_fees":
        return format(Decimal(text).quantize(_CENT, ROUND_HALF_UP), "f")
    return text


def _orders(case: Case, outcome: Outcome, waived: Waived | None) -> list[Line]:
    """The orders one by one. Where a waiver names orders, those may stand alone, and others as the numbers say."""
    expected, actual = list(case.trace), list(outcome.orders)
    pairs = _in_order(expected, actual) if waived is None else _paired(expected, actual)
    spare = 0 if waived is None else len(actual) - (len(expected) - len(waived.orders))
    lines = []
    for number, (wanted, found) in enumerate(pairs, 1):
        equal = all(_same(name, wanted, found) for name in _FIELDS)
        named = f"order {wanted['n'] if wanted is not None else '+' + str(number)}"
        accepted = waived is not None and (
            (found is None and wanted is not None and str(wanted["n"]) in waived.orders)
            or (wanted is None and spare > 0)
        )
        spare -= wanted is None
        reason = waived.reason if waived is not None and accepted and not equal else None
        lines.append(Line(named, _words(wanted), _words(found), equal, reason))
    return lines


type Order = dict[str, Any]
type Pair = tuple[Order | None, Order | None]


def _in_order(expected: Sequence[Order], actual: Sequence[Order]) -> list[Pair]:
    longest = max(len(expected), len(actual))
    return [
        (expected[i] if i < len(expected) else None, actual[i] if i < len(actual) else None) for i in range(longest)
    ]


def _paired(expected: Sequence[Order], actual: Sequence[Order]) -> list[Pair]:
    """Each expected order with the next actual one that is equal to it; the others stand alone, both in their order."""
    pairs: list[Pair] = []
    rest = list(actual)
    for wanted in expected:
        place = next((i for i, found in enumerate(rest) if all(_same(name, wanted, found) for name in _FIELDS)), None)
        if place is None:
            pairs.append((wanted, None))
            continue
        pairs += [(None, found) for found in rest[:place]]
        pairs.append((wanted, rest[place]))
        rest = rest[place + 1 :]
    return pairs + [(None, found) for found in rest]


def _same(name: str, wanted: Order | None, found: Order | None) -> bool:  # noqa: PLR0911 - one for each kind
    if wanted is None or found is None:
        return False
    left, right = wanted.get(name), found.get(name)
    if left in (None, "") or right is None:
        return left in (None, "") and right is None
    if name in _TIMES:
        return _moment(left) == _moment(right)
    if name in _EXACT:
        return _number(left) == Decimal(str(right))
    if name in _ROUNDED:
        return _printed(left) == _printed(right)
    if name == "status":
        word = str(left).strip().lower()
        return bool(_STATUSES.get(word, word) == right)
    return bool(str(left) == str(right))


def _moment(value: Any) -> datetime | None:
    """A time; None for what is none, which equals no time that a run comes to."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _number(value: Any) -> Decimal:
    """A number; what is none is not a number, which equals nothing."""
    try:
        return number_of(value, "expected")
    except FieldError:
        return Decimal("NaN")


def _printed(value: Any) -> Decimal:
    try:
        return _number(value).quantize(_PRINTED, ROUND_HALF_EVEN)
    except InvalidOperation:
        return Decimal("NaN")


def _final_states(states: Sequence[str], orders: Sequence[Order]) -> list[Line]:
    """The states that a case lists apart from its trace: CANCELLED(or EXPIRED) stands for either."""
    lines = []
    for number, state in enumerate(states, 1):
        found = orders[number - 1]["status"] if number <= len(orders) else "none"
        equal = found in _STATES.get(state, {"canceled"})
        lines.append(Line(f"final state {number}", state, found, equal))
    return lines


def _words(order: Order | None) -> str:
    if order is None:
        return "no such order"
    at = [f"limit {order['limit']}"] if order.get("limit") is not None else []
    at += [f"stop {order['stop']}"] if order.get("stop") is not None else []
    placed = f"{order['placed_at']} {order['type']} {order['side']} {order['quantity']} {order['symbol']}"
    ended = str(order["status"])
    if order.get("filled_at") is not None:
        ended += f" {order['filled_at']} at {order['fill_price']}, fee {order['fee']}"
    return " ".join([placed, *at, str(order["tif"]), "->", ended])
