"""The base class, the coordinator, the extractors and validate_config."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import (
    ConfigError,
    DataCoordinator,
    StrategyBase,
    Symbol,
    optional_bar_time_span,
    optional_bool,
    optional_decimal,
    optional_int,
    optional_str,
    optional_symbol,
    require_bar_time_span,
    require_bool,
    require_decimal,
    require_int,
    require_str,
    require_symbol,
    validate_config,
)
from libs.shared_ipc.src.framework.runtime import Clock, RunContext, attach_clock, current_context, install_context
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarEvent,
    BarTimeSpan,
    ExpirationEvent,
    OrderState,
    OrderUpdateEvent,
    QuoteEvent,
    StrategyBar,
    StrategyQuote,
    TimerEvent,
)

NOON = datetime(2024, 1, 2, 12, 0, tzinfo=UTC)
ONE = Decimal(1)

SCHEMA: dict[str, JSONValue] = {
    "type": "object",
    "properties": {
        "ticker": {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "EQUITY"},
        "future": {"$ref": "#/definitions/future"},
        "chain": {"$ref": "#/definitions/loop"},
        "choice": {
            "type": "string",
            "enum": ["SPY", "QQQ"],
            "x-periscope-type": "symbol",
            "x-periscope-asset-type": "EQUITY",
        },
        "broken": {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "STOCK"},
        "span": {"x-periscope-type": "bar_time_span", "enum": ["minute", "day"]},
        "text": {"type": "string"},
        "fast": {"type": "integer"},
    },
    "definitions": {
        "future": {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "FUTURE"},
        "loop": {"$ref": "#/definitions/loop"},
    },
}


@pytest.fixture
def context() -> Iterator[None]:
    """The schema above, installed for the time of one test."""
    install_context(RunContext(SCHEMA, {"fast": 5}))
    yield
    install_context(None)


class Plain(StrategyBase):
    """Does not call super().__init__()."""

    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        self.data_coordinator = data_coordinator
        self.config = config

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return []


class Slotted(StrategyBase):
    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return []


@dataclass(frozen=True)
class Frozen(StrategyBase):
    count: int = 0

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return []


class Evasive(StrategyBase):
    """Answers every attribute by itself."""

    def __getattr__(self, name: str) -> object:
        return 42

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)

    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return []


@pytest.mark.parametrize("make", [lambda: Plain(DataCoordinator(), {}), Slotted, Frozen, Evasive])
def test_the_simulation_time_is_the_clock(make: Any) -> None:
    strategy = make()
    clock = Clock()
    if not isinstance(strategy, Evasive):
        with pytest.raises(RuntimeError, match="the clock starts with on_start"):
            _ = strategy.simulation_time
    attach_clock(strategy, clock)
    if not isinstance(strategy, Evasive):
        with pytest.raises(RuntimeError, match="the clock starts with on_start"):
            _ = strategy.simulation_time
    clock.now = NOON
    assert strategy.simulation_time is NOON
    with pytest.raises(AttributeError):
        strategy.simulation_time = NOON


def test_a_clock_needs_a_strategy() -> None:
    with pytest.raises(TypeError, match="StrategyBase, found object"):
        attach_clock(object(), Clock())


def test_on_start_must_be_written() -> None:
    base: Any = StrategyBase
    with pytest.raises(TypeError, match="on_start"):
        base()


def test_every_other_hook_does_nothing() -> None:
    strategy = Plain(DataCoordinator(), {})
    bar = StrategyBar(NOON, ONE, ONE, ONE, ONE, None)
    quote = StrategyQuote(NOON, ONE, ONE, 1, 1, None)
    asset = AssetType.EQUITY

    async def call_all() -> list[object]:
        return [
            await strategy.on_bar(BarEvent(NOON, "SPY", asset, bar)),
            await strategy.on_quote(QuoteEvent(NOON, "SPY", asset, quote)),
            await strategy.on_timer(TimerEvent(NOON, "time_step")),
            await strategy.on_expiration(ExpirationEvent(NOON, "SPY", asset)),
            await strategy.on_order_update(
                OrderUpdateEvent(NOON, UUID(int=1), "SPY", asset, OrderState.FILLED, ONE, ONE, NOON)
            ),
        ]

    assert asyncio.run(call_all()) == [[], [], [], [], []]
    assert asyncio.run(_stop(strategy)) is None


async def _stop(strategy: StrategyBase) -> object:
    stopped: Any = strategy.on_stop()
    return await stopped


def test_an_unconnected_coordinator_says_so() -> None:
    coordinator = DataCoordinator()
    with pytest.raises(NotImplementedError, match=r"get_position_by_symbol\('SPY', EQUITY\): .*not connected to a run"):
        asyncio.run(coordinator.get_position_by_symbol("SPY", AssetType.EQUITY))
    with pytest.raises(NotImplementedError, match="subclass DataCoordinator"):
        asyncio.run(coordinator.get_front_month_contract_by_volume("ES"))


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (require_str, "abc", "abc"),
        (require_str, "", ""),
        (require_int, 5, 5),
        (require_int, -(10**30), -(10**30)),
        (require_bool, True, True),
        (require_bool, False, False),
        (require_decimal, 5, Decimal(5)),
        (require_decimal, 0.1, Decimal("0.1")),
        (require_decimal, 1e-7, Decimal("1E-7")),
        (require_decimal, 5.0, Decimal("5.0")),
        (require_decimal, "0.10", Decimal("0.10")),
        (require_decimal, " -1.5e3 ", Decimal(-1500)),
        (require_decimal, "+.5", Decimal("0.5")),
        (require_decimal, "5.", Decimal(5)),
        (require_decimal, Decimal("1.23"), Decimal("1.23")),
        (require_bar_time_span, "minute", BarTimeSpan.MINUTE),
        (require_bar_time_span, "DAY", BarTimeSpan.DAY),
        (require_bar_time_span, BarTimeSpan.HOUR, BarTimeSpan.HOUR),
    ],
)
def test_a_parameter_is_read(read: Any, value: Any, expected: object) -> None:
    found = read({"key": value}, "key")
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (require_str, 5, 'parameter "key": expected a string, found 5 of type int'),
        (require_str, ["a"], "expected a string, found ['a'] of type list"),
        (require_int, 5.0, "expected an integer, found 5.0 of type float"),
        (require_int, True, "expected an integer, found True of type bool"),
        (require_int, "5", "expected an integer, found '5' of type str"),
        (require_bool, 1, "expected true or false, found 1 of type int"),
        (require_bool, "true", "expected true or false, found 'true' of type str"),
        (require_decimal, True, "expected a finite number or a numeric string, found True of type bool"),
        (require_decimal, float("nan"), "found nan of type float"),
        (require_decimal, float("inf"), "found inf of type float"),
        (require_decimal, "NaN", "found 'NaN' of type str"),
        (require_decimal, "Infinity", "found 'Infinity'"),
        (require_decimal, "1_000", "found '1_000'"),
        (require_decimal, "١", "found '١'"),
        (require_decimal, "", "found ''"),
        (require_decimal, "1e999999", "found '1e999999'"),
        (require_decimal, "1e-401", "found '1e-401'"),
        (require_decimal, "9" * 5000, "... of type str"),
        (require_decimal, Decimal("sNaN"), "found Decimal('sNaN')"),
        (require_decimal, [1], "found [1] of type list"),
        (require_bar_time_span, "fortnight", "expected one of second, minute, hour, day, found 'fortnight'"),
        (require_bar_time_span, 60, "expected one of second, minute, hour, day, found 60"),
        (require_str, None, 'parameter "key": expected a string, found null'),
        (require_int, None, "expected an integer, found null"),
    ],
)
def test_a_wrong_parameter_names_key_expected_and_found(read: Any, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({"key": value}, "key")
    assert message in str(caught.value)
    assert str(caught.value).startswith('parameter "key": expected ')


@pytest.mark.parametrize(
    "read", [require_str, require_int, require_decimal, require_bool, require_symbol, require_bar_time_span]
)
def test_a_missing_parameter_is_named(read: Any) -> None:
    with pytest.raises(ConfigError, match=r'parameter "key": expected .*, found nothing: the config has no such key'):
        read({}, "key")
    with pytest.raises(ConfigError, match='parameter "key": expected a dict to read it from, found 5'):
        read(5, "key")


def test_an_absent_or_null_parameter_gives_the_default() -> None:
    config: dict[str, JSONValue] = {"null": None}
    spy = Symbol("SPY", AssetType.EQUITY)
    for key in ("null", "absent"):
        assert optional_str(config, key, "a") == "a"
        assert optional_int(config, key, 5) == 5
        assert optional_bool(config, key, True) is True
        assert optional_decimal(config, key, Decimal("0.5")) == Decimal("0.5")
        assert optional_symbol(config, key, spy) is spy
        assert optional_bar_time_span(config, key, BarTimeSpan.DAY) is BarTimeSpan.DAY
        for read in (optional_str, optional_int, optional_bool, optional_decimal, optional_symbol):
            assert read(config, key) is None
            assert read(config, key, None) is None


def test_a_present_parameter_is_held_to_its_type_by_optional_too() -> None:
    assert optional_int({"key": 0}, "key", 5) == 0
    assert optional_bool({"key": False}, "key", True) is False
    assert optional_str({"key": ""}, "key", "a") == ""
    with pytest.raises(ConfigError, match=r"expected an integer, found 5\.0"):
        optional_int({"key": 5.0}, "key", 5)


def test_a_float_does_not_become_a_decimal_by_way_of_a_default() -> None:
    loose: Any = 0.1
    wrong: Any = "five"
    assert optional_decimal({}, "key", loose) == Decimal("0.1")
    with pytest.raises(ConfigError, match="expected an integer, found 'five'"):
        optional_int({}, "key", wrong)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("ticker", " spy ", Symbol("SPY", AssetType.EQUITY)),
        ("future", "ESH4", Symbol("ESH4", AssetType.FUTURE)),
        ("choice", "qqq", Symbol("QQQ", AssetType.EQUITY)),
    ],
)
@pytest.mark.usefixtures("context")
def test_a_symbol_takes_its_asset_type_from_the_schema(key: str, value: str, expected: Symbol) -> None:
    assert require_symbol({key: value}, key) == expected
    assert optional_symbol({key: value}, key, None) == expected


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("ticker", 5, "expected a ticker, such as SPY, found 5"),
        ("ticker", "  ", "expected a ticker, such as SPY, found '  '"),
        ("text", "SPY", 'config_schema.json, found a property without "x-periscope-type"'),
        ("span", "SPY", "config_schema.json, found \"x-periscope-type\": 'bar_time_span'"),
        ("nowhere", "SPY", 'declared with "x-periscope-type": "symbol" in config_schema.json, found no such property'),
        ("chain", "SPY", "found a property without"),
        ("broken", "SPY", '"x-periscope-asset-type": "EQUITY" or "FUTURE" in config_schema.json, found \'STOCK\''),
    ],
)
@pytest.mark.usefixtures("context")
def test_a_symbol_that_is_none_is_refused(key: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        require_symbol({key: value}, key)
    assert message in str(caught.value)


def test_a_symbol_without_a_schema_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="call install_context"):
        require_symbol({"ticker": "SPY"}, "ticker")


@pytest.mark.usefixtures("context")
def test_a_bar_time_span_must_be_declared() -> None:
    assert require_bar_time_span({"span": "MINUTE"}, "span") is BarTimeSpan.MINUTE
    with pytest.raises(ConfigError, match='expected a property declared with "x-periscope-type": "bar_time_span"'):
        require_bar_time_span({"text": "minute"}, "text")


def test_validate_config_without_a_run_wants_a_dict() -> None:
    validate_config({"anything": 1})
    wrong: Any = [1]
    with pytest.raises(ConfigError, match=r"config: expected a dict of parameters, found \[1\] of type list"):
        validate_config(wrong)


def test_the_launched_config_passes_at_once_and_any_other_is_validated() -> None:
    seen: list[object] = []

    def validate(config: dict[str, JSONValue]) -> list[str]:
        seen.append(config)
        return ["fast: expected at least 1, found 0", "slow: missing"] if config["fast"] != 7 else []

    launched: dict[str, JSONValue] = {"fast": 5, "list": [1, {"a": None}]}
    install_context(RunContext(SCHEMA, launched, validate))
    try:
        validate_config({"fast": 5, "list": [1, {"a": None}]})
        assert seen == []
        validate_config({"fast": 7})
        launched["fast"] = 6  # what the strategy does to its config does not change what was launched
        for other in ({"fast": 6, "list": [1, {"a": None}]}, {"fast": 5.0, "list": [1, {"a": None}]}, {"fast": True}):
            with pytest.raises(ConfigError) as caught:
                validate_config(other)  # type: ignore[arg-type]
            assert str(caught.value).splitlines() == [
                "the config breaks its schema: 2 problems",
                "- fast: expected at least 1, found 0",
                "- slow: missing",
            ]
    finally:
        install_context(None)
    assert current_context() is None


@pytest.mark.usefixtures("context")
def test_the_installed_platform_validates_where_no_validator_is_given() -> None:
    validate_config({"fast": 6})
    with pytest.raises(ConfigError, match=r"the config breaks its schema: 1 problem\n- .*fast"):
        validate_config({"fast": "six"})


@pytest.mark.usefixtures("context")
def test_without_the_platform_a_config_is_only_checked_to_be_a_dict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "periscope.strategies.parameters", None)
    validate_config({"fast": "six"})
