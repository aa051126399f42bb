"""Typed readers of a strategy's parameters.

`require_x(config, key)` raises ConfigError when the key is missing, null or of another type. `optional_x(config, key,
default)` gives the default when the key is missing or null, and raises on another type. Nothing is coerced silently:
an integer parameter takes no `5.0` and no boolean.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import overload

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.declared import ASSET_TYPE_KEYWORD, TYPE_KEYWORD, declaration
from libs.shared_ipc.src.framework.errors import ConfigError
from libs.shared_ipc.src.framework.runtime import current_context
from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan, Symbol

type Config = Mapping[str, JSONValue]

MAX_MAGNITUDE = 400
"""A decimal parameter lies between 1e-400 and 1e400, so that no arithmetic on it can run away."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,6})?", re.ASCII)


def require_str(config: Config, key: str) -> str:
    """A text or choice parameter."""
    return _require(config, key, _as_str)


def require_int(config: Config, key: str) -> int:
    """An integer parameter: an int; no bool, no 5.0."""
    return _require(config, key, _as_int)


def require_decimal(config: Config, key: str) -> Decimal:
    """A decimal parameter: int, float (by its shortest form, so 0.1 is exactly 0.1) or a numeric string."""
    return _require(config, key, _as_decimal)


def require_bool(config: Config, key: str) -> bool:
    """A boolean parameter: true or false, no 0 and 1."""
    return _require(config, key, _as_bool)


def require_symbol(config: Config, key: str) -> Symbol:
    """A parameter declared with `x-periscope-type: "symbol"`: its ticker, trimmed and upper-cased, with its asset type.

    The asset type is the one that the run's schema declares, so this needs a run or an installed context.
    """
    return _require(config, key, _as_symbol)


def require_bar_time_span(config: Config, key: str) -> BarTimeSpan:
    """A parameter declared with `x-periscope-type: "bar_time_span"`, written in either case."""
    return _require(config, key, _as_bar_time_span)


@overload
def optional_str(config: Config, key: str, default: str) -> str: ...
@overload
def optional_str(config: Config, key: str, default: None = None) -> str | None: ...
def optional_str(config: Config, key: str, default: str | None = None) -> str | None:
    """Like `require_str`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_str)


@overload
def optional_int(config: Config, key: str, default: int) -> int: ...
@overload
def optional_int(config: Config, key: str, default: None = None) -> int | None: ...
def optional_int(config: Config, key: str, default: int | None = None) -> int | None:
    """Like `require_int`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_int)


@overload
def optional_decimal(config: Config, key: str, default: Decimal) -> Decimal: ...
@overload
def optional_decimal(config: Config, key: str, default: None = None) -> Decimal | None: ...
def optional_decimal(config: Config, key: str, default: Decimal | None = None) -> Decimal | None:
    """Like `require_decimal`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_decimal)


@overload
def optional_bool(config: Config, key: str, default: bool) -> bool: ...
@overload
def optional_bool(config: Config, key: str, default: None = None) -> bool | None: ...
def optional_bool(config: Config, key: str, default: bool | None = None) -> bool | None:
    """Like `require_bool`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_bool)


@overload
def optional_symbol(config: Config, key: str, default: Symbol) -> Symbol: ...
@overload
def optional_symbol(config: Config, key: str, default: None = None) -> Symbol | None: ...
def optional_symbol(config: Config, key: str, default: Symbol | None = None) -> Symbol | None:
    """Like `require_symbol`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_symbol)


@overload
def optional_bar_time_span(config: Config, key: str, default: BarTimeSpan) -> BarTimeSpan: ...
@overload
def optional_bar_time_span(config: Config, key: str, default: None = None) -> BarTimeSpan | None: ...
def optional_bar_time_span(config: Config, key: str, default: BarTimeSpan | None = None) -> BarTimeSpan | None:
    """Like `require_bar_time_span`; `default` when the key is missing or null."""
    return _optional(config, key, default, _as_bar_time_span)


def _require[T](config: Config, key: str, convert: Callable[[str, object], T]) -> T:
    value = _value(config, key)
    if value is None:
        found = "null" if key in config else "nothing: the config has no such key"
        raise ConfigError(f'parameter "{key}": expected {_EXPECTED[convert]}, found {found}')
    return convert(key, value)


def _optional[T](config: Config, key: str, default: T | None, convert: Callable[[str, object], T]) -> T | None:
    value = _value(config, key)
    if value is not None:
        return convert(key, value)
    # The default is held to the same rules, so that a float never becomes a price by way of a default.
    return default if default is None or isinstance(default, Symbol) else convert(key, default)


def _value(config: Config, key: str) -> object:
    if not isinstance(config, Mapping):
        raise ConfigError(f'parameter "{key}": expected a dict to read it from, found {_describe(config)}')
    return config.get(key)


def _describe(value: object) -> str:
    text = repr(value)
    return f"{text if len(text) <= 80 else text[:77] + '...'} of type {type(value).__name__}"


def _wrong(key: str, expected: str, value: object) -> ConfigError:
    return ConfigError(f'parameter "{key}": expected {expected}, found {_describe(value)}')


def _as_str(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(key, _EXPECTED[_as_str], value)
    return value


def _as_int(key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(key, _EXPECTED[_as_int], value)
    return value


def _as_bool(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, _EXPECTED[_as_bool], value)
    return value


def _as_decimal(key: str, value: object) -> Decimal:
    number = _number(value)
    if number is None or not number.is_finite() or abs(number.adjusted()) > MAX_MAGNITUDE:
        raise _wrong(key, _EXPECTED[_as_decimal], value)
    return number


def _number(value: object) -> Decimal | None:
    match value:
        case bool():
            return None
        case Decimal():
            return value
        case int():
            return Decimal(value)
        case float():
            return Decimal(repr(value))
        case str() if _NUMBER.fullmatch(value.strip()):
            return Decimal(value.strip())
        case _:
            return None


def _as_symbol(key: str, value: object) -> Symbol:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, _EXPECTED[_as_symbol], value)
    return Symbol(value.strip().upper(), _declared_asset_type(key))


def _declared_asset_type(key: str) -> AssetType:
    context = current_context()
    if context is None:
        raise ConfigError(
            f'parameter "{key}": expected the schema of the run, which declares the asset type of the symbol, found '
            "none. Inside a run the platform provides it; in a test, call install_context(RunContext(schema, config)) "
            "from libs.shared_ipc.src.framework.runtime first."
        )
    declared = _declared(key, "symbol", context.schema)
    name = declared.get(ASSET_TYPE_KEYWORD)
    if isinstance(name, str) and name in AssetType.__members__:
        return AssetType[name]
    raise ConfigError(
        f'parameter "{key}": expected "{ASSET_TYPE_KEYWORD}": "EQUITY" or "FUTURE" in config_schema.json, '
        f"found {_describe(name)}"
    )


def _as_bar_time_span(key: str, value: object) -> BarTimeSpan:
    if not isinstance(value, str) or value.strip().upper() not in BarTimeSpan.__members__:
        raise _wrong(key, _EXPECTED[_as_bar_time_span], value)
    context = current_context()
    if context is not None:
        _declared(key, "bar_time_span", context.schema)
    return BarTimeSpan[value.strip().upper()]


def _declared(key: str, kind: str, schema: dict[str, JSONValue]) -> dict[str, JSONValue]:
    declared = declaration(schema, key)
    if declared is not None and declared.get(TYPE_KEYWORD) == kind:
        return declared
    if declared is None:
        found = "no such property"
    elif TYPE_KEYWORD in declared:
        found = f'"{TYPE_KEYWORD}": {declared[TYPE_KEYWORD]!r}'
    else:
        found = f'a property without "{TYPE_KEYWORD}"'
    raise ConfigError(
        f'parameter "{key}": expected a property declared with "{TYPE_KEYWORD}": "{kind}" in config_schema.json, '
        f"found {found}"
    )


_EXPECTED: dict[Callable[[str, object], object], str] = {
    _as_str: "a string",
    _as_int: "an integer",
    _as_decimal: "a finite number or a numeric string",
    _as_bool: "true or false",
    _as_symbol: "a ticker, such as SPY",
    _as_bar_time_span: "one of second, minute, hour, day",
}
