"""Every event and action comes back from its JSON form as it went in, and nothing malformed gets through."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import (
    Action,
    ActionType,
    AssetType,
    BarEvent,
    BarRegistrationRequest,
    BarTimeSpan,
    CancelLimitsAction,
    Event,
    EventType,
    ExpirationEvent,
    InsertCashAction,
    OrderIntent,
    OrderState,
    OrderType,
    OrderUpdateEvent,
    PlaceOrderAction,
    QuoteEvent,
    QuoteRegistrationRequest,
    QuoteTimeSpan,
    RegisterSecurityAction,
    RegisterTimeStepAction,
    StrategyBar,
    StrategyQuote,
    TimeInForce,
    TimerEvent,
    UnregisterBarAction,
    UnregisterQuoteAction,
    WithdrawCashAction,
)
from libs.shared_ipc.src.protocol.wire import (
    ACTION_CLASSES,
    EVENT_CLASSES,
    action_from_wire,
    action_to_wire,
    event_from_wire,
    event_to_wire,
)

DECIMALS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.integers(0, 10**28 - 1).map(lambda n: tuple(int(digit) for digit in str(n))),
    st.integers(-12, 15),
)
TIMES = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
TEXTS = st.text(max_size=12)
ASSETS = st.sampled_from(AssetType)
BARS = st.builds(StrategyBar, TIMES, DECIMALS, DECIMALS, DECIMALS, DECIMALS, st.none() | DECIMALS)
QUOTES = st.builds(
    StrategyQuote, TIMES, DECIMALS, DECIMALS, st.integers(0, 10**9), st.integers(0, 10**9), st.none() | DECIMALS
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(BarEvent, TIMES, TEXTS, ASSETS, BARS),
    st.builds(QuoteEvent, TIMES, TEXTS, ASSETS, QUOTES),
    st.builds(TimerEvent, TIMES, TEXTS),
    st.builds(ExpirationEvent, TIMES, TEXTS, ASSETS),
    st.builds(
        OrderUpdateEvent, TIMES, st.uuids(), TEXTS, ASSETS, st.sampled_from(OrderState), DECIMALS, DECIMALS, TIMES
    ),
)
REQUESTS = st.one_of(
    st.builds(BarRegistrationRequest, TEXTS, ASSETS, st.sampled_from(BarTimeSpan)),
    st.builds(QuoteRegistrationRequest, TEXTS, ASSETS, st.sampled_from(QuoteTimeSpan)),
)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(
        PlaceOrderAction,
        TEXTS,
        ASSETS,
        st.sampled_from(OrderIntent),
        st.sampled_from(OrderType),
        st.none() | DECIMALS,
        st.none() | DECIMALS,
        st.none() | DECIMALS,
        st.none() | st.sampled_from(TimeInForce),
    ),
    st.builds(CancelLimitsAction, TEXTS, ASSETS),
    st.builds(RegisterSecurityAction, REQUESTS),
    st.builds(RegisterTimeStepAction, st.floats(0.001, 1e9) | st.integers(1, 10**9) | DECIMALS),
    st.builds(UnregisterBarAction, TEXTS, ASSETS, st.sampled_from(BarTimeSpan)),
    st.builds(UnregisterQuoteAction, TEXTS, ASSETS),
    st.builds(InsertCashAction, DECIMALS),
    st.builds(WithdrawCashAction, DECIMALS),
)

NOON = datetime(2024, 1, 2, 12, 0, tzinfo=UTC)
BAR = BarEvent(
    NOON,
    "SPY",
    AssetType.EQUITY,
    StrategyBar(NOON, Decimal("1.50"), Decimal(2), Decimal(1), Decimal("1.75"), None),
)
ORDER = PlaceOrderAction("SPY", AssetType.EQUITY, OrderIntent.BUY, contract_quantity=Decimal(5))


@settings(max_examples=300, deadline=None)
@given(EVENTS)
def test_an_event_comes_back_from_json(event: Event) -> None:
    assert event_from_wire(json.loads(json.dumps(event_to_wire(event)))) == event


@settings(max_examples=300, deadline=None)
@given(ACTIONS)
def test_an_action_comes_back_from_json(action: Action) -> None:
    back = action_from_wire(json.loads(json.dumps(action_to_wire(action))))
    assert back == action
    assert type(back) is type(action)


def test_every_type_has_its_class() -> None:
    assert set(EVENT_CLASSES) == set(EventType)
    assert set(ACTION_CLASSES) == set(ActionType)
    assert set(EVENT_CLASSES.values()) == set(Event.__args__)
    assert set(ACTION_CLASSES.values()) == set(Action.__args__)


def test_the_form_is_the_documented_one() -> None:
    update = OrderUpdateEvent(
        NOON + timedelta(microseconds=5),
        UUID("12345678-1234-5678-1234-567812345678"),
        "SPY",
        AssetType.EQUITY,
        OrderState.FILLED,
        Decimal("1E+2"),
        Decimal("-47512.50"),
        NOON,
    )
    assert event_to_wire(update) == {
        "type": "ORDER_UPDATE",
        "simulation_time": "2024-01-02T12:00:00.000005Z",
        "order_id": "12345678-1234-5678-1234-567812345678",
        "symbol": "SPY",
        "asset_type": "EQUITY",
        "order_state": "FILLED",
        "cumulative_quantity_filled": "100",
        "cumulative_net_money": "-47512.50",
        "updated_at": "2024-01-02T12:00:00Z",
    }
    register = RegisterSecurityAction(BarRegistrationRequest("ESH4", AssetType.FUTURE, BarTimeSpan.MINUTE))
    assert action_to_wire(register) == {
        "type": "REGISTER_SECURITY",
        "request": {"type": "BAR", "symbol": "ESH4", "asset_type": "FUTURE", "bar_time_span": "minute"},
    }


def test_a_time_in_another_zone_is_written_in_utc() -> None:
    eastern = datetime(2024, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert event_to_wire(TimerEvent(eastern, "time_step"))["simulation_time"] == "2024-01-02T14:30:00Z"


def test_fields_with_a_default_may_be_left_out() -> None:
    document = {"type": "PLACE_ORDER", "symbol": "SPY", "asset_type": "EQUITY", "intent": "BUY"}
    assert action_from_wire(document) == PlaceOrderAction("SPY", AssetType.EQUITY, OrderIntent.BUY)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["NaN", "-NaN", "sNaN"])
def test_what_is_no_number_travels_as_such(number: str) -> None:
    document = action_to_wire(InsertCashAction(Decimal(number)))
    assert document["amount"] == "NaN"
    back = action_from_wire(document)
    assert isinstance(back, InsertCashAction)
    assert back.amount.is_nan()


@pytest.mark.parametrize(
    "number",
    ["Infinity", "-Infinity", "1E+16", "1E-13", "1" * 29, "1E+999999", "0." + "1" * 29],
)
def test_a_number_out_of_bounds_is_not_written(number: str) -> None:
    with pytest.raises(ValueError, match=r"^InsertCashAction\.amount: expected "):
        action_to_wire(InsertCashAction(Decimal(number)))


@pytest.mark.parametrize(
    "number",
    [
        1,
        1.5,
        True,
        None,
        "",
        " 1",
        "1 ",
        "+1",
        ".5",
        "1.",
        "01",
        "1_000",
        "1e5",
        "nan",
        "-NaN",
        "Infinity",
        "1\n",
        "٣",
        "0x10",
        "1" * 29,
        "9" * 5000,
        "0." + "0" * 12 + "1",
        "1" + "0" * 43,
        {"a": 1},
    ],
)
def test_a_number_in_another_form_is_not_read(number: Any) -> None:
    with pytest.raises(ValueError, match=r"^InsertCashAction\.amount: expected "):
        action_from_wire({"type": "INSERT_CASH", "amount": number})


@pytest.mark.parametrize(
    "time",
    [
        1704196800,
        "2024-01-02",
        "2024-01-02T12:00:00",
        "2024-01-02T12:00:00+00:00",
        "2024-01-02 12:00:00Z",
        "2024-13-02T12:00:00Z",
        "2024-01-02T24:00:01Z",
        "2024-01-02T12:00:00.1234567Z",
        "0000-01-02T12:00:00Z",
        None,
    ],
)
def test_a_time_in_another_form_is_not_read(time: Any) -> None:
    with pytest.raises(ValueError, match=r"^TimerEvent\.simulation_time: expected a UTC time"):
        event_from_wire({"type": "TIMER", "simulation_time": time, "timer_id": "time_step"})


def _edit(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda document: {**document, **changes}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda _: None, "event: expected an object, found None"),
        (lambda document: [document], "event: expected an object"),
        (_edit(type="PLACE_ORDER"), r"event\.type: expected one of BAR, QUOTE, TIMER"),
        (_edit(type=["BAR"]), r"event\.type: expected one of"),
        (_edit(type=None), r"event\.type: expected one of"),
        (_edit(asset_type="STOCK"), r"BarEvent\.asset_type: expected one of OPTION, .*found 'STOCK'"),
        (_edit(asset_type=3), r"BarEvent\.asset_type: expected one of"),
        (_edit(symbol=5), r"BarEvent\.symbol: expected a string, found 5"),
        (_edit(bar=5), r"BarEvent\.bar: expected an object"),
        (_edit(bar={}), r"BarEvent\.bar\.timestamp: expected a value, found nothing"),
        (_edit(extra=1), "BarEvent: expected only the fields .* found 'extra'"),
        (lambda document: {k: v for k, v in document.items() if k != "symbol"}, r"BarEvent\.symbol: expected a value"),
    ],
)
def test_a_malformed_event_says_where(edit: Callable[[dict[str, Any]], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        event_from_wire(edit(event_to_wire(BAR)))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"type": "REGISTER_SECURITY"}, r"RegisterSecurityAction\.request: expected a value"),
        ({"type": "REGISTER_SECURITY", "request": 3}, r"RegisterSecurityAction\.request: expected an object"),
        ({"type": "REGISTER_SECURITY", "request": {"type": "TIMER"}}, r"request\.type: expected one of BAR, QUOTE"),
        ({"type": "REGISTER_TIME_STEP", "time_step_seconds": True}, "expected a finite number of seconds"),
        ({"type": "REGISTER_TIME_STEP", "time_step_seconds": float("inf")}, "expected a finite number of seconds"),
        ({"type": "REGISTER_TIME_STEP", "time_step_seconds": "1e400"}, "expected a decimal"),
        ({**action_to_wire(ORDER), "time_in_force": "FOREVER"}, r"PlaceOrderAction\.time_in_force: expected one of"),
        ({**action_to_wire(ORDER), "order_type": None}, r"PlaceOrderAction\.order_type: expected one of"),
    ],
)
def test_a_malformed_action_says_where(document: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        action_from_wire(document)


@pytest.mark.parametrize("text", ["x", "{12345678-1234-5678-1234-567812345678}", "12345678123456781234567812345678", 7])
def test_an_id_has_36_characters(text: Any) -> None:
    document = {
        "type": "ORDER_UPDATE",
        "simulation_time": "2024-01-02T12:00:00Z",
        "order_id": text,
    }
    with pytest.raises(ValueError, match=r"OrderUpdateEvent\.order_id: expected a UUID of 36 characters"):
        event_from_wire(document)


def test_a_wrong_value_in_an_event_is_not_written() -> None:
    naive = datetime(2024, 1, 2)  # noqa: DTZ001
    with pytest.raises(ValueError, match=r"TimerEvent\.simulation_time: expected a datetime with a time zone"):
        event_to_wire(TimerEvent(naive, "time_step"))
    broken: Any = 1.5
    with pytest.raises(ValueError, match=r"BarEvent\.bar\.open: expected a Decimal, found 1\.5"):
        event_to_wire(replace(BAR, bar=replace(BAR.bar, open=broken)))
    with pytest.raises(ValueError, match="an action: expected one of"):
        action_to_wire(broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(ACTIONS, st.data())
def test_a_mutated_document_is_read_or_refused_with_a_value_error(action: Action, data: st.DataObject) -> None:
    document = action_to_wire(action)
    key = data.draw(st.sampled_from(sorted(document)) | st.text(max_size=5))
    document[key] = data.draw(JSON)
    try:
        action_from_wire(document)
    except ValueError as error:
        assert "expected" in str(error)
