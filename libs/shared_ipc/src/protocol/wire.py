"""The JSON form of every event and action: `{"type": "BAR", ...fields}`.

Decimals are plain strings ("1.50", never 1.5 and never 1.5E+0; "NaN" for one that is none), times RFC 3339 in UTC
with `Z` and microseconds where there are any, ids the usual 36 characters, enums their values. Whatever comes back
equals what went in. A document that does not fit raises ValueError saying where, what was expected and what was
found.
"""

import math
import re
from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.protocol.actions import (
    Action,
    BarRegistrationRequest,
    CancelLimitsAction,
    InsertCashAction,
    PlaceOrderAction,
    QuoteRegistrationRequest,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    UnregisterBarAction,
    UnregisterQuoteAction,
    WithdrawCashAction,
)
from libs.shared_ipc.src.protocol.enums import (
    ActionType,
    AssetType,
    BarTimeSpan,
    EventType,
    OrderIntent,
    OrderState,
    OrderType,
    QuoteTimeSpan,
    TimeInForce,
)
from libs.shared_ipc.src.protocol.events import (
    BarEvent,
    Event,
    ExpirationEvent,
    OrderUpdateEvent,
    QuoteEvent,
    TimerEvent,
)
from libs.shared_ipc.src.protocol.shapes import StrategyBar, StrategyQuote

MAX_DIGITS = 28
MIN_EXPONENT = -12
MAX_EXPONENT = 15
NOT_A_NUMBER = "NaN"
"""Stands in an action for a number that the wire cannot carry; the platform refuses it."""

EVENT_CLASSES: dict[EventType, type[Event]] = {
    EventType.BAR: BarEvent,
    EventType.QUOTE: QuoteEvent,
    EventType.TIMER: TimerEvent,
    EventType.EXPIRATION: ExpirationEvent,
    EventType.ORDER_UPDATE: OrderUpdateEvent,
}
"""Which event each discriminator stands for."""

ACTION_CLASSES: dict[ActionType, type[Action]] = {
    ActionType.PLACE_ORDER: PlaceOrderAction,
    ActionType.CANCEL_LIMITS: CancelLimitsAction,
    ActionType.REGISTER_SECURITY: RegisterSecurityAction,
    ActionType.REGISTER_TIME_STEP: RegisterTimeStepAction,
    ActionType.UNREGISTER_BAR: UnregisterBarAction,
    ActionType.UNREGISTER_QUOTE: UnregisterQuoteAction,
    ActionType.INSERT_CASH: InsertCashAction,
    ActionType.WITHDRAW_CASH: WithdrawCashAction,
}
"""Which action each discriminator stands for."""

_REQUEST_CLASSES: dict[EventType, type[BarRegistrationRequest | QuoteRegistrationRequest]] = {
    EventType.BAR: BarRegistrationRequest,
    EventType.QUOTE: QuoteRegistrationRequest,
}
"""A registration request carries the type of the events that it asks for."""

_EVENT_TYPES: dict[type, StrEnum] = {cls: kind for kind, cls in EVENT_CLASSES.items()}
_ACTION_TYPES: dict[type, StrEnum] = {cls: kind for kind, cls in ACTION_CLASSES.items()}
_REQUEST_TYPES: dict[type, StrEnum] = {cls: kind for kind, cls in _REQUEST_CLASSES.items()}

_PLAIN_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,42})(\.\d{1,12})?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)


def event_to_wire(event: Event) -> dict[str, JSONValue]:
    """The JSON document of an event."""
    return _to_tagged(event, _EVENT_TYPES, "an event")


def event_from_wire(document: JSONValue) -> Event:
    """The event that a JSON document holds; ValueError if it holds none."""
    return _from_tagged(document, EVENT_CLASSES, "event")


def action_to_wire(action: Action) -> dict[str, JSONValue]:
    """The JSON document of an action. ValueError if a number in it is not finite or out of bounds."""
    return _to_tagged(action, _ACTION_TYPES, "an action")


def action_from_wire(document: JSONValue) -> Action:
    """The action that a JSON document holds; ValueError if it holds none."""
    return _from_tagged(document, ACTION_CLASSES, "action")


def check_decimal(value: Decimal, where: str) -> Decimal:
    """`value` if it is finite, has at most 28 digits and an exponent of -12 to 15; else ValueError naming `where`."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{where}: expected a finite number, found {value}")
    if len(digits) > MAX_DIGITS or not MIN_EXPONENT <= exponent <= MAX_EXPONENT:
        raise ValueError(
            f"{where}: expected at most {MAX_DIGITS} digits and an exponent of {MIN_EXPONENT} to {MAX_EXPONENT}, "
            f"found {len(digits)} digits and exponent {exponent}"
        )
    return value


def _expected(where: str, expected: str, value: object) -> ValueError:
    return ValueError(f"{where}: expected {expected}, found {_shown(value)} of type {type(value).__name__}")


def _shown(value: object) -> str:
    """The beginning of a value, at a cost that does not grow with it."""
    if isinstance(value, str | bytes):
        text = repr(value[:60])
    elif isinstance(value, list | tuple | dict | set | frozenset) and value:
        text = f"{len(value)} entries"
    elif isinstance(value, int) and abs(value) >= 1 << 128:
        text = "a very large integer"
    else:
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _to_tagged(value: object, types: dict[type, StrEnum], what: str) -> dict[str, JSONValue]:
    kind = types.get(type(value))
    if kind is None:
        raise _expected(what, "one of " + ", ".join(cls.__name__ for cls in types), value)
    return {"type": kind.value, **_fields_to_wire(value, type(value).__name__)}


def _from_tagged[K: StrEnum, T](document: object, classes: dict[K, type[T]], where: str) -> T:
    if not isinstance(document, dict):
        raise _expected(where, "an object", document)
    name = document.get("type")
    by_name: dict[str, type[T]] = {kind.value: cls for kind, cls in classes.items()}
    if not isinstance(name, str) or name not in by_name:
        raise _expected(f"{where}.type", "one of " + ", ".join(by_name), name)
    cls = by_name[name]
    rest = {key: value for key, value in document.items() if key != "type"}
    return _fields_from_wire(cls, rest, cls.__name__ if where in {"event", "action"} else where)


def _fields_to_wire(value: object, where: str) -> dict[str, JSONValue]:
    return {
        name: encode(getattr(value, name), f"{where}.{name}") for name, (encode, _, _) in _plan(type(value)).items()
    }


def _fields_from_wire[T](cls: type[T], document: object, where: str) -> T:
    if not isinstance(document, dict):
        raise _expected(where, "an object", document)
    plan = _plan(cls)
    unknown = [key for key in document if key not in plan]
    if unknown:
        raise ValueError(f"{where}: expected only the fields {', '.join(plan)}, found {_shown(unknown[0])}")
    values: dict[str, object] = {}
    for name, (_, decode, required) in plan.items():
        if name in document:
            values[name] = decode(document[name], f"{where}.{name}")
        elif required:
            raise ValueError(f"{where}.{name}: expected a value, found nothing")
    return cls(**values)


type _Encode = Callable[[object, str], JSONValue]
type _Decode = Callable[[object, str], object]

_plans: dict[type, dict[str, tuple[_Encode, _Decode, bool]]] = {}


def _plan(cls: type) -> dict[str, tuple[_Encode, _Decode, bool]]:
    """Per field: how to write it, how to read it, and whether a document must have it."""
    plan = _plans.get(cls)
    if plan is None:
        plan = _plans[cls] = {field.name: (*_CODECS[field.type], field.default is MISSING) for field in fields(cls)}
    return plan


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _expected(where, "a string", value)
    return value


def _integer(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _expected(where, "an integer", value)
    return value


def _decimal_to_wire(value: object, where: str) -> str:
    if not isinstance(value, Decimal):
        raise _expected(where, "a Decimal", value)
    if value.is_nan():
        return NOT_A_NUMBER
    return format(check_decimal(value, where), "f")


def _decimal_from_wire(value: object, where: str) -> Decimal:
    if value == NOT_A_NUMBER:
        return Decimal(NOT_A_NUMBER)
    if not isinstance(value, str) or not _PLAIN_DECIMAL.fullmatch(value):
        raise _expected(where, 'a decimal written as a plain string, such as "1.25"', value)
    number = Decimal(value)
    _, digits, exponent = number.as_tuple()
    if len(digits) > MAX_DIGITS and exponent == 0:
        # A large number with zeros at its end: they are its exponent.
        zeros = min(len(value) - len(value.rstrip("0")), MAX_EXPONENT)
        number = Decimal(f"{value[: len(value) - zeros]}E{zeros}")
    return check_decimal(number, where)


def _time_to_wire(value: object, where: str) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() is None:
        raise _expected(where, "a datetime with a time zone", value)
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _time_from_wire(value: object, where: str) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise _expected(where, 'a UTC time, such as "2024-01-02T14:30:00Z"', value)


def _id_to_wire(value: object, where: str) -> str:
    if not isinstance(value, UUID):
        raise _expected(where, "a UUID", value)
    return str(value)


def _id_from_wire(value: object, where: str) -> UUID:
    if isinstance(value, str):
        try:
            found = UUID(value)
        except ValueError:
            found = None
        if found is not None and str(found) == value.lower():
            return found
    raise _expected(where, "a UUID of 36 characters", value)


def _seconds_to_wire(value: object, where: str) -> JSONValue:
    """A number stays a number; a Decimal becomes a string, so that it stays exact."""
    if isinstance(value, Decimal):
        return _decimal_to_wire(value, where)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise _expected(where, "a finite number of seconds", value)


def _seconds_from_wire(value: object, where: str) -> float | Decimal:
    if isinstance(value, str):
        return _decimal_from_wire(value, where)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return value
    raise _expected(where, "a finite number of seconds", value)


def _request_to_wire(value: object, where: str) -> JSONValue:
    kind = _REQUEST_TYPES.get(type(value))
    if kind is None:
        raise _expected(where, "a BarRegistrationRequest or a QuoteRegistrationRequest", value)
    return {"type": kind.value, **_fields_to_wire(value, where)}


def _request_from_wire(value: object, where: str) -> object:
    return _from_tagged(value, _REQUEST_CLASSES, where)


def _enum_codec(enum: type[StrEnum]) -> tuple[_Encode, _Decode]:
    expected = "one of " + ", ".join(member.value for member in enum)

    def encode(value: object, where: str) -> JSONValue:
        if not isinstance(value, enum):
            raise _expected(where, f"a {enum.__name__}", value)
        return value.value

    def decode(value: object, where: str) -> object:
        if isinstance(value, str):
            try:
                return enum(value)
            except ValueError:
                pass
        raise _expected(where, expected, value)

    return encode, decode


def _shape_codec(cls: type) -> tuple[_Encode, _Decode]:
    def encode(value: object, where: str) -> JSONValue:
        if not isinstance(value, cls):
            raise _expected(where, f"a {cls.__name__}", value)
        return _fields_to_wire(value, where)

    def decode(value: object, where: str) -> object:
        return _fields_from_wire(cls, value, where)

    return encode, decode


def _or_null(codec: tuple[_Encode, _Decode]) -> tuple[_Encode, _Decode]:
    encode, decode = codec
    return (
        lambda value, where: None if value is None else encode(value, where),
        lambda value, where: None if value is None else decode(value, where),
    )


_DECIMAL: tuple[_Encode, _Decode] = (_decimal_to_wire, _decimal_from_wire)

_CODECS: dict[object, tuple[_Encode, _Decode]] = {
    str: (_text, _text),
    int: (_integer, _integer),
    float: (_seconds_to_wire, _seconds_from_wire),
    datetime: (_time_to_wire, _time_from_wire),
    UUID: (_id_to_wire, _id_from_wire),
    Decimal: _DECIMAL,
    Decimal | None: _or_null(_DECIMAL),
    TimeInForce | None: _or_null(_enum_codec(TimeInForce)),
    BarRegistrationRequest | QuoteRegistrationRequest: (_request_to_wire, _request_from_wire),
    **{enum: _enum_codec(enum) for enum in (AssetType, BarTimeSpan, OrderIntent, OrderState, OrderType, QuoteTimeSpan)},
    **{shape: _shape_codec(shape) for shape in (StrategyBar, StrategyQuote)},
}
"""How to write and read a field, by its declared type."""
