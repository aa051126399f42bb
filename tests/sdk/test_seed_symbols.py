"""The SDK against the contract with strategy authors, symbol by symbol."""

import dataclasses
import enum
import importlib
import inspect
import re
import subprocess
import sys
import typing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.shared_ipc.src import framework, protocol
from libs.shared_ipc.src.protocol import (
    Action,
    AssetType,
    BarRegistrationRequest,
    BarTimeSpan,
    Direction,
    Event,
    OrderIntent,
    OrderState,
    OrderType,
    PlaceOrderAction,
    QuoteRegistrationRequest,
    QuoteTimeSpan,
    StrategyBar,
    StrategyQuote,
    TimeInForce,
)

ROOT = Path(__file__).parents[2]
SEED = ROOT.parent / "shared" / "seed" / "strategy-sdk.txt"

IMPORT_BLOCK = """\
from libs.shared_ipc.src.framework import (
StrategyBase, DataCoordinator, validate_config,
require_str, require_int, require_decimal, require_bool,
require_symbol, require_bar_time_span,
optional_str, optional_int, optional_decimal, optional_bool,
optional_symbol, optional_bar_time_span,
)
from libs.shared_ipc.src.protocol import (
Action, BarEvent, OrderUpdateEvent, TimerEvent, ExpirationEvent,
RegisterSecurityAction, BarRegistrationRequest,
RegisterTimeStepAction, PlaceOrderAction, CancelLimitsAction,
InsertCashAction,
AssetType, BarTimeSpan, OrderIntent, OrderType, OrderState,
StrategyBar, StrategyPosition, Symbol,
)
from libs.common_types.src.types import JSONValue
"""

T = datetime
SHAPES: dict[str, dict[str, Any]] = {
    "BarEvent": {"simulation_time": T, "symbol": str, "asset_type": AssetType, "bar": StrategyBar},
    "QuoteEvent": {"simulation_time": T, "symbol": str, "asset_type": AssetType, "quote": StrategyQuote},
    "TimerEvent": {"simulation_time": T, "timer_id": str},
    "ExpirationEvent": {"simulation_time": T, "symbol": str, "asset_type": AssetType},
    "OrderUpdateEvent": {
        "simulation_time": T,
        "order_id": UUID,
        "symbol": str,
        "asset_type": AssetType,
        "order_state": OrderState,
        "cumulative_quantity_filled": Decimal,
        "cumulative_net_money": Decimal,
        "updated_at": T,
    },
    "PlaceOrderAction": {
        "symbol": str,
        "asset_type": AssetType,
        "intent": OrderIntent,
        "order_type": OrderType,
        "contract_quantity": Decimal | None,
        "limit_price": Decimal | None,
        "stop_price": Decimal | None,
        "time_in_force": TimeInForce | None,
    },
    "CancelLimitsAction": {"symbol": str, "asset_type": AssetType},
    "RegisterSecurityAction": {"request": BarRegistrationRequest | QuoteRegistrationRequest},
    "BarRegistrationRequest": {"symbol": str, "asset_type": AssetType, "bar_time_span": BarTimeSpan},
    "QuoteRegistrationRequest": {"symbol": str, "asset_type": AssetType, "quote_timespan": QuoteTimeSpan},
    "RegisterTimeStepAction": {"time_step_seconds": float},
    "UnregisterBarAction": {"symbol": str, "asset_type": AssetType, "bar_time_span": BarTimeSpan},
    "UnregisterQuoteAction": {"symbol": str, "asset_type": AssetType},
    "InsertCashAction": {"amount": Decimal},
    "WithdrawCashAction": {"amount": Decimal},
    "StrategyBar": {
        "timestamp": T,
        "open": Decimal,
        "high": Decimal,
        "low": Decimal,
        "close": Decimal,
        "volume": Decimal | None,
    },
    "StrategyQuote": {
        "timestamp": T,
        "bid_price": Decimal,
        "ask_price": Decimal,
        "bid_size": int,
        "ask_size": int,
        "price": Decimal | None,
    },
    "StrategyPosition": {
        "symbol": str,
        "direction": Direction,
        "net_contract_quantity": Decimal,
        "average_price": Decimal,
    },
    "Symbol": {"symbol": str, "asset_type": AssetType},
}

ENUMS = {
    "AssetType": "OPTION EQUITY INDEX FUTURE ETF WARRANT PREFERRED RIGHT UNIT",
    "Direction": "LONG SHORT",
    "BarTimeSpan": "SECOND MINUTE HOUR DAY",
    "QuoteTimeSpan": "STREAM SECOND MINUTE HOUR DAY",
    "OrderType": "MARKET LIMIT STOP STOP_LIMIT",
    "OrderIntent": "BUY SELL CLOSE BUY_TO_CLOSE SELL_TO_CLOSE",
    "TimeInForce": "DAY GTC OPG ATC IOC FOK GTD GTX",
    "OrderState": "WORKING FILLED CANCELLED REJECTED EXPIRED",
}

EXTRACTORS = [
    f"{mode}_{kind}"
    for mode in ("require", "optional")
    for kind in ("str", "int", "bool", "decimal", "symbol", "bar_time_span")
]


def seed_text() -> str:
    """The contract as it was handed to us; the test is skipped where it is not beside the project."""
    if not SEED.is_file():
        pytest.skip("the contract is not beside the project")
    return SEED.read_text(encoding="utf-8")


def test_the_import_block_runs_as_it_stands() -> None:
    namespace: dict[str, object] = {}
    exec(compile(IMPORT_BLOCK, "imports", "exec"), namespace)
    assert {"StrategyBase", "BarEvent", "Symbol", "JSONValue"} <= namespace.keys()


def test_the_import_block_here_is_the_one_of_the_contract() -> None:
    text = seed_text()
    start = text.index("from libs.shared_ipc.src.framework import (")
    end = text.index("import JSONValue\n") + len("import JSONValue\n")
    assert text[start:end] == IMPORT_BLOCK
    exec(compile(text[start:end], str(SEED), "exec"), {})


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_has_its_fields_in_order(name: str) -> None:
    cls: Any = getattr(protocol, name)
    assert typing.get_type_hints(cls) == SHAPES[name]
    assert [field.name for field in dataclasses.fields(cls)] == list(SHAPES[name])
    assert cls.__dataclass_params__.frozen
    assert set(cls.__slots__) == set(SHAPES[name])


@pytest.mark.parametrize("name", [name for name in SHAPES if name != "PlaceOrderAction"])
def test_only_an_order_has_defaults(name: str) -> None:
    assert all(field.default is dataclasses.MISSING for field in dataclasses.fields(getattr(protocol, name)))


def test_the_defaults_of_an_order() -> None:
    defaults = {f.name: f.default for f in dataclasses.fields(PlaceOrderAction) if f.default is not dataclasses.MISSING}
    assert defaults == {
        "order_type": OrderType.MARKET,
        "contract_quantity": None,
        "limit_price": None,
        "stop_price": None,
        "time_in_force": None,
    }


@pytest.mark.parametrize("name", ENUMS)
def test_every_enum_has_its_members(name: str) -> None:
    cls = getattr(protocol, name)
    assert issubclass(cls, enum.StrEnum)
    assert list(cls.__members__) == ENUMS[name].split()
    lower = name in {"BarTimeSpan", "QuoteTimeSpan"}
    assert [member.value for member in cls] == [each.lower() if lower else each for each in ENUMS[name].split()]


@pytest.mark.parametrize("name", ["BarTimeSpan", "QuoteTimeSpan"])
def test_a_time_span_is_found_by_either_form(name: str) -> None:
    cls = getattr(protocol, name)
    assert cls("minute") is cls("MINUTE") is cls["MINUTE"]
    with pytest.raises(ValueError, match="fortnight"):
        cls("fortnight")


def test_the_unions_hold_every_event_and_action() -> None:
    events = {name for name in SHAPES if name.endswith("Event")}
    actions = {name for name in SHAPES if name.endswith("Action")}
    assert {cls.__name__ for cls in typing.get_args(Event)} == events
    assert {cls.__name__ for cls in typing.get_args(Action)} == actions
    assert len(protocol.EventType) == len(events)
    assert len(protocol.ActionType) == len(actions)


def test_the_coordinator_has_the_two_questions() -> None:
    position = inspect.signature(framework.DataCoordinator.get_position_by_symbol)
    assert str(position) == (
        "(self, symbol: str, asset_type: libs.shared_ipc.src.protocol.enums.AssetType)"
        " -> libs.shared_ipc.src.protocol.shapes.StrategyPosition | None"
    )
    front = inspect.signature(framework.DataCoordinator.get_front_month_contract_by_volume)
    assert str(front) == "(self, root_symbol: str, as_of_time: datetime.datetime | None = None) -> str"
    assert inspect.iscoroutinefunction(framework.DataCoordinator.get_position_by_symbol)
    assert inspect.iscoroutinefunction(framework.DataCoordinator.get_front_month_contract_by_volume)


@pytest.mark.parametrize("name", EXTRACTORS)
def test_every_extractor_takes_config_and_key(name: str) -> None:
    parameters = list(inspect.signature(getattr(framework, name)).parameters)
    assert parameters == ["config", "key", "default"] if name.startswith("optional") else ["config", "key"]


def test_symbol_is_exported_from_both_packages() -> None:
    assert framework.Symbol is protocol.Symbol


def test_every_name_of_the_contract_exists() -> None:
    """Whatever reads like a class or an extractor in the contract is importable."""
    text = seed_text()
    words = set(
        re.findall(r"\b(?:[A-Z][a-z]+){2,}\b|(?:require|optional|validate)_[a-z_]+?(?=require_|optional_|\b)", text)
    )
    prose = {"JSONValue"}
    missing = {word for word in words - prose if not hasattr(framework, word) and not hasattr(protocol, word)}
    assert missing == set()


def test_every_public_name_is_exported_and_documented() -> None:
    for module in (framework, protocol):
        for name in module.__all__:
            value = getattr(module, name)
            assert inspect.isclass(value) or callable(value) or typing.get_args(value), name
            if inspect.isclass(value) or inspect.isfunction(value):
                assert value.__doc__, name


def test_the_sdk_needs_only_the_standard_library() -> None:
    """Imported with nothing on the path but the project itself, and nothing of ours loaded with it."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import libs.shared_ipc.src.framework, libs.shared_ipc.src.protocol.wire\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(loaded - {'__main__', 'libs'}), 'asyncio' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(ROOT)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[] False"


def test_the_json_alias() -> None:
    alias = importlib.import_module("libs.common_types.src.types").JSONValue
    assert set(typing.get_args(alias.__value__)) >= {type(None), bool, int, float, str}
