"""The one table of `core` keys: from it come parsing, `--core k=v`, the effective config, and docs/core-keys.md."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.settings import FillModelName, LimitFill, PriceRounding

type Reader = Callable[[Any], Any]
"""Turns a JSON value (fractions as Decimals) into its effective JSON value, or raises RefusalError."""


class RefusalError(Exception):
    """A value that a key does not take. `code` names the broken rule, the text says expected and found."""

    def __init__(self, code: str, message: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.path = path


@dataclass(frozen=True, slots=True)
class CoreKey:
    """One key of a run's `core` section; `path` is dotted, `allowed` and `reason` are prose for the docs."""

    path: str
    type_name: str
    default: Any
    allowed: str
    reason: str
    read: Reader


def _show(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    shown = "null" if value is None else repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."


def near_names(name: str, known: list[str]) -> str:
    """A sentence that names what `name` may have been meant to be, or everything there is."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(known)}"


def plain(value: Decimal) -> str:
    """A decimal as plain digits, without exponent and trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _choice(*names: str, later: tuple[str, ...] = ()) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise RefusalError("WRONG_TYPE", f"expected one of {', '.join(names)}, found {_show(value)}")
        name = value.strip().lower()
        if name in later:
            raise RefusalError("NOT_AVAILABLE", f"{name!r} is not available yet; this release knows {', '.join(names)}")
        if name not in names:
            raise RefusalError("NOT_ALLOWED", f"found {value!r}; {near_names(name, list(names))}")
        return name

    return read


def _integer(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise RefusalError("WRONG_TYPE", f"expected a whole number, found {_show(value)}")
        if not least <= value <= most:
            raise RefusalError("OUT_OF_RANGE", f"expected {least} to {most}, found {value}")
        return value

    return read


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise RefusalError("WRONG_TYPE", f"expected a number, found {_show(value)}")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise RefusalError("WRONG_TYPE", f"expected a number, found {_show(value)}") from None
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise RefusalError("OUT_OF_RANGE", f"expected an ordinary finite number, found {_show(value)}")
    return number


def _decimal(*, least: Decimal, most: Decimal | None = None, least_allowed: bool = True) -> Reader:
    def read(value: Any) -> str:
        number = _number(value)
        low = number < least or (number == least and not least_allowed)
        if low or (most is not None and number > most):
            above = f"{'at least' if least_allowed else 'more than'} {plain(least)}"
            up_to = "" if most is None else f" and at most {plain(most)}"
            raise RefusalError("OUT_OF_RANGE", f"expected {above}{up_to}, found {_show(value)}")
        return plain(number)

    return read


def _seconds(value: Any) -> float:
    number = _number(value)
    if not 0 < number <= 31_536_000:
        raise RefusalError(
            "OUT_OF_RANGE", f"expected more than 0 seconds and at most a year of them, found {_show(value)}"
        )
    return float(number)


def _optional(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _currency(value: Any) -> str:
    code = value.strip().upper() if isinstance(value, str) else ""
    if not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise RefusalError("WRONG_TYPE", f'expected a currency\'s three letters like "USD", found {_show(value)}')
    return code


def _span(value: Any) -> str | None:
    if value is None:
        return None
    names = [span.value for span in BarTimeSpan]
    if not isinstance(value, str):
        raise RefusalError("WRONG_TYPE", f"expected null or one of {', '.join(names)}, found {_show(value)}")
    if value.lower() not in names:
        raise RefusalError("NOT_ALLOWED", f"found {value!r}; {near_names(value.lower(), names)}")
    return value.lower()


def _good_till(value: Any) -> None:
    if value is not None:
        raise RefusalError("NOT_AVAILABLE", "GTD orders are not available yet; leave core.good_till out or null")


_NOT_NEGATIVE = _decimal(least=Decimal(0))


def _parts(value: Any, readers: Mapping[str, Reader], later: tuple[str, ...], what: str) -> dict[str, Any]:
    """Read an object whose keys are all optional; a null counts as absent."""
    if not isinstance(value, dict):
        raise RefusalError("WRONG_TYPE", f'expected "none" or an object of {", ".join(readers)}, found {_show(value)}')
    found = {}
    for name, part in value.items():
        if name in later:
            raise RefusalError(
                "NOT_AVAILABLE", f"{what} by {name} is not available yet; use {', '.join(readers)}", name
            )
        if name not in readers:
            raise RefusalError("UNKNOWN_KEY", f"unknown key {name!r}; {near_names(name, list(readers))}", name)
        try:
            if part is not None:
                found[name] = readers[name](part)
        except RefusalError as refusal:
            raise RefusalError(refusal.code, str(refusal), name) from None
    return found


def _slippage(value: Any) -> Any:
    if value == "none":
        return "none"
    if value == "volume_share":
        raise RefusalError("NOT_AVAILABLE", "slippage by volume_share is not available yet; use ticks, basis_points")
    readers = {"ticks": _integer(0, 1_000_000), "basis_points": _decimal(least=Decimal(0), most=Decimal(10_000))}
    found = _parts(value, readers, ("volume_share",), "slippage")
    if len(found) != 1:
        raise RefusalError("NOT_ALLOWED", f"expected exactly one of ticks, basis_points, found {_show(sorted(found))}")
    return found


def _fees(value: Any) -> Any:
    if value == "none":
        return "none"
    if isinstance(value, str):
        text = f"named fee schedules ({value!r}) are not available yet; "
        raise RefusalError("NOT_AVAILABLE", text + 'write {"per_share": "0.005", "minimum": "1"}, or "none"')
    readers = dict.fromkeys(("per_share", "minimum", "maximum", "per_contract"), _NOT_NEGATIVE)
    found = _parts(value, readers, ("basis_points", "schedule"), "a fee")
    fees = {"per_share": "0", "minimum": None, "maximum": None, "per_contract": "0", **found}
    least, most = fees["minimum"], fees["maximum"]
    if least is not None and most is not None and Decimal(least) > Decimal(most):
        raise RefusalError("OUT_OF_RANGE", f"minimum {least} is above maximum {most}")
    return fees


LATER_KEYS = {
    "margin": "margin accounts",
    "on_margin_call": "margin accounts",
    "calendar": "settable calendars",
}
"""Keys of coming releases, with what they belong to."""

CORE_KEYS: tuple[CoreKey, ...] = (
    CoreKey(
        "profile",
        "text",
        "default",
        "`default`",
        "The named set of fill rules. `lean` comes later.",
        _choice("default", later=("lean",)),
    ),
    CoreKey(
        "currency",
        "text",
        "USD",
        "three letters",
        "The one currency of the books. Orders in another one are rejected; amounts of two are never added.",
        _currency,
    ),
    CoreKey(
        "hours",
        "text",
        "regular",
        "`regular`, `extended`",
        "Which bars are delivered and may fill orders.",
        _choice("regular", "extended"),
    ),
    CoreKey(
        "seed",
        "integer",
        0,
        "0 to 2^63 - 1",
        "Part of every order id; the same seed gives the same ids.",
        _integer(0, 2**63 - 1),
    ),
    CoreKey(
        "execution_span",
        "text or null",
        None,
        "null, `second`, `minute`, `hour`, `day`",
        "Span of the bars that orders meet. Null: the finest the catalog has for the symbol in the window.",
        _span,
    ),
    CoreKey(
        "fill_model",
        "text",
        FillModelName.NEXT_BAR.value,
        "`next_bar`, `current_close`",
        "`next_bar` never uses a price from before the order. `current_close` is optimistic and marked so.",
        _choice(*FillModelName),
    ),
    CoreKey(
        "limit_fill",
        "text",
        LimitFill.THROUGH.value,
        "`through`, `touch`",
        "`through` fills a limit only where a strictly better price traded; `touch` takes equality.",
        _choice(*LimitFill),
    ),
    CoreKey(
        "intrabar",
        "text",
        "pessimistic",
        "`pessimistic`",
        "A stop and a target inside one bar: the stop is taken.",
        _choice("pessimistic"),
    ),
    CoreKey(
        "price_rounding",
        "text",
        PriceRounding.PASSIVE.value,
        "`passive`, `reject`",
        "A price off the tick moves to the tick away from the market, or the order is rejected.",
        _choice(*PriceRounding),
    ),
    CoreKey(
        "slippage",
        "text or object",
        "none",
        '`"none"`, `{"ticks": n}`, `{"basis_points": "x"}`',
        "How far each fill moves against the order. Volume share comes later.",
        _slippage,
    ),
    CoreKey(
        "participation",
        "decimal or null",
        None,
        "null, or more than 0 and at most 1",
        "Largest share of a bar's volume that a symbol's orders may take. Null: no cap.",
        _optional(_decimal(least=Decimal(0), most=Decimal(1), least_allowed=False)),
    ),
    CoreKey(
        "fees",
        "text or object",
        "none",
        '`"none"`, or an object of `per_share`, `minimum`, `maximum`, `per_contract`, each at least 0',
        "What a fill costs; minimum and maximum count per order. Named schedules and basis points come later.",
        _fees,
    ),
    CoreKey(
        "account",
        "text",
        "cash",
        "`cash`",
        "No shorts in equities, no borrowing; futures against the initial margin. `margin` comes later.",
        _choice("cash", later=("margin",)),
    ),
    CoreKey(
        "adjustment",
        "text",
        "raw",
        "`raw`",
        "Prices as traded. `split` and `total_return` come later.",
        _choice("raw", later=("split", "total_return")),
    ),
    CoreKey(
        "risk_free",
        "decimal",
        "0",
        "more than -1 and at most 1",
        "Yearly rate that Sharpe and Sortino subtract.",
        _decimal(least=Decimal(-1), most=Decimal(1), least_allowed=False),
    ),
    CoreKey("good_till", "null", None, "null", "End of GTD orders, which come later.", _good_till),
    CoreKey(
        "limits.handler_seconds",
        "number",
        10.0,
        "more than 0",
        "Wall time that one handler call may take, whatever it does. The engine's answers to it don't count.",
        _seconds,
    ),
    CoreKey(
        "limits.start_seconds",
        "number",
        30.0,
        "more than 0",
        "Wall time for importing the strategy and making it.",
        _seconds,
    ),
    CoreKey(
        "limits.total_seconds",
        "number or null",
        None,
        "null, or more than 0",
        "Wall time of the whole run, also in the middle of a handler. Null: no limit.",
        _optional(_seconds),
    ),
    CoreKey(
        "limits.memory_bytes",
        "integer",
        2 << 30,
        "67,108,864 (64 MiB) to 1,099,511,627,776 (1 TiB)",
        "Memory of the strategy's process. Python itself takes about 20 MB, the stack of each thread counts as 8 MiB.",
        _integer(64 << 20, 1 << 40),
    ),
    CoreKey(
        "limits.events_per_instant",
        "integer",
        10_000,
        "1 to 10,000,000",
        "Events other than bars at one instant; more of them is a loop.",
        _integer(1, 10_000_000),
    ),
    CoreKey(
        "limits.actions_per_reply",
        "integer",
        1_000,
        "1 to 1,000,000",
        "Actions that one handler may return.",
        _integer(1, 1_000_000),
    ),
    CoreKey(
        "limits.output_bytes",
        "integer",
        10_000_000,
        "0 to 10,000,000,000",
        "How much of what the strategy prints is kept; a line counts at least 32 bytes. The rest is counted.",
        _integer(0, 10_000_000_000),
    ),
)
