"""A run's config against the schema: defaults, every problem with its path, symbols."""

from decimal import Decimal
from typing import Any

import pytest

from libs.shared_ipc.src.protocol import AssetType
from periscope.strategies.json_text import read_json
from periscope.strategies.parameters import config_problems, config_sentences, effective_parameters, prepare_config
from tests.strategies.bundles import GOOD_SCHEMA


class Master:
    """Knows SPY as an equity and ESH4 as a future."""

    known = frozenset({("SPY", AssetType.EQUITY), ("ESH4", AssetType.FUTURE)})

    def get(self, symbol: str, asset_type: AssetType) -> object | None:
        return symbol if (symbol, asset_type) in self.known else None

    def explain_unknown(self, symbol: str, asset_type: AssetType) -> str:
        return f"Near names for {symbol} as {asset_type}."


def schema_of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def test_defaults_are_filled_in_and_values_made_canonical() -> None:
    prepared = prepare_config(GOOD_SCHEMA, {"risk": Decimal("0.07"), "ticker": " spy "}, Master())
    assert prepared.problems == []
    assert prepared.warnings == []
    assert prepared.values == {"ticker": "SPY", "span": "day", "fast": 10, "risk": 0.07}
    assert list(prepared.values) == ["ticker", "span", "fast", "risk"]
    assert type(prepared.values["risk"]) is float


@pytest.mark.parametrize("span", ["minute", "MINUTE", " Minute "])
def test_a_bar_time_span_is_taken_in_either_case(span: str) -> None:
    prepared = prepare_config(GOOD_SCHEMA, {"ticker": "SPY", "span": span})
    assert prepared.problems == []
    assert prepared.values["span"] == "minute"


def test_a_schema_may_spell_in_either_case() -> None:
    schema = schema_of(
        span={"x-periscope-type": "bar_time_span", "enum": ["MINUTE", "Day"], "default": "Day"},
        ticker={
            "type": "string",
            "x-periscope-type": "symbol",
            "x-periscope-asset-type": "EQUITY",
            "enum": ["spy", "QQQ"],
        },
    )
    prepared = prepare_config(schema, {"ticker": "Spy"})
    assert prepared.problems == []
    assert prepared.values == {"span": "day", "ticker": "SPY"}


def test_a_default_satisfies_required_and_what_is_given_wins() -> None:
    schema = {**schema_of(a={"type": "integer", "default": 1}), "required": ["a"]}
    assert prepare_config(schema, {}).values == {"a": 1}
    assert prepare_config(schema, {"a": 0}).values == {"a": 0}
    assert [problem.code for problem in config_problems(schema, {})] == ["CONFIG_MISSING"]


def test_a_default_behind_a_reference_is_found() -> None:
    schema = {**schema_of(a={"$ref": "#/definitions/n"}), "definitions": {"n": {"type": "integer", "default": 4}}}
    assert effective_parameters(schema, {}) == {"a": 4}


NUMBER = schema_of(x={"type": "number"})

CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (GOOD_SCHEMA, {}, "ticker: expected a value, found nothing"),
    (GOOD_SCHEMA, {"ticker": 5}, "ticker: expected a string, found 5"),
    (GOOD_SCHEMA, {"ticker": None}, "ticker: expected a string, found None"),
    (GOOD_SCHEMA, {"ticker": "A", "fast": 0}, "fast: expected at least 1, found 0"),
    (GOOD_SCHEMA, {"ticker": "A", "fast": "5"}, "fast: expected an integer, found '5'"),
    (GOOD_SCHEMA, {"ticker": "A", "fast": True}, "fast: expected an integer, found True"),
    (GOOD_SCHEMA, {"ticker": "A", "fast": 5.5}, "fast: expected an integer, found 5.5"),
    (GOOD_SCHEMA, {"ticker": "A", "fast": 5.0}, "fast: expected an integer without a decimal point, found 5.0"),
    (GOOD_SCHEMA, {"ticker": "A", "span": "hour"}, "span: expected one of minute, day, found 'hour'"),
    (GOOD_SCHEMA, {"ticker": "A", "span": 60}, "span: expected one of minute, day, found 60"),
    (GOOD_SCHEMA, {"ticker": "A", "risk": 0}, "risk: expected more than 0, found 0"),
    (GOOD_SCHEMA, {"ticker": "A", "risk": 2}, "risk: expected at most 1, found 2"),
    (GOOD_SCHEMA, {"ticker": "A", "risk": 0.075}, "risk: expected a multiple of 0.01, found 0.075"),
    (GOOD_SCHEMA, {"ticker": "A", "fsat": 5}, "fsat: expected no such key"),
    (schema_of(a={"type": ["string", "null"]}), {"a": 5}, "a: expected null or a string, found 5"),
    (schema_of(a={"const": "x"}), {"a": 5}, "a: expected 'x', found 5"),
    (schema_of(a={"pattern": "^[0-9]+$"}), {"a": "x"}, "a: expected a text that matches ^[0-9]+$, found 'x'"),
    (schema_of(a={"format": "date"}), {"a": "x"}, "a: expected a text of the format date, found 'x'"),
    (schema_of(a={"maxLength": 1}), {"a": "xy"}, "a: expected at most 1 characters, found 'xy'"),
    (schema_of(a=False), {"a": 1}, "a: expected a value that the schema allows"),
    (
        schema_of(a={"items": {"properties": {"b c": {"type": "integer"}}}}),
        {"a": [{}, {"b c": "x"}]},
        "a[1]['b c']: expected an integer, found 'x'",
    ),
    (NUMBER, {"x": float("nan")}, "x: expected a finite number, found nan"),
    (NUMBER, {"x": float("-inf")}, "x: expected a finite number, found -inf"),
    (NUMBER, {"x": Decimal("1E+400")}, "x: expected a finite number, found 1E+400"),
    (NUMBER, {"x": Decimal("sNaN")}, "x: expected a finite number, found sNaN"),
    (NUMBER, {"x": Decimal("0.1234567890123456789")}, "x: expected a number that 64-bit floats tell from"),
    (NUMBER, {"x": {1, 2}}, "x: expected a value that JSON has, found {1, 2} of type set"),
    (NUMBER, {"x": (1,)}, "x: expected a value that JSON has, found (1,) of type tuple"),
    (NUMBER, {"x": "\ud800"}, "x: expected text of valid Unicode"),
    (NUMBER, {"x": {5: 1}}, "x: expected only texts as keys"),
]


@pytest.mark.parametrize(("schema", "config", "sentence"), CASES)
def test_a_wrong_value_names_path_expected_and_found(
    schema: dict[str, Any], config: dict[str, Any], sentence: str
) -> None:
    found = config_sentences(schema, config)
    assert any(each.startswith(sentence) for each in found), found
    for problem in prepare_config(schema, config).problems:
        str(problem).encode("utf-8")
        assert problem.mend


@pytest.mark.parametrize("risk", ["0.07", "0.29", "0.57", "0.58", "1", "1.00"])
def test_a_multiple_of_a_cent_is_exact(risk: str) -> None:
    assert config_problems(GOOD_SCHEMA, {"ticker": "SPY", "risk": Decimal(risk)}) == []


def test_every_problem_is_found_at_once() -> None:
    found = config_sentences(GOOD_SCHEMA, {"fast": 0, "span": "week", "risk": 7, "a": 1, "b": 2})
    assert {each.partition(":")[0] for each in found} == {"ticker", "fast", "span", "risk", "a", "b"}


def test_a_slip_of_the_pen_is_answered_with_the_near_name() -> None:
    [problem] = [p for p in config_problems(GOOD_SCHEMA, {"ticker": "A", "fsat": 5}) if p.where == "fsat"]
    assert (problem.code, problem.mend) == ("CONFIG_KEY_UNKNOWN", "Did you mean fast?")
    open_schema = {key: value for key, value in GOOD_SCHEMA.items() if key != "additionalProperties"}
    prepared = prepare_config(open_schema, {"ticker": "A", "fsat": 5})
    assert prepared.problems == []
    assert prepared.values["fsat"] == 5
    [warning] = prepared.warnings
    assert (warning.code, warning.where, warning.mend) == ("CONFIG_KEY_NOT_DECLARED", "fsat", "Did you mean fast?")


def test_symbols_are_looked_up() -> None:
    future = {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "FUTURE"}
    schema = schema_of(ticker=GOOD_SCHEMA["properties"]["ticker"], contract=future, hedge=future)
    prepared = prepare_config(schema, {"ticker": "spx", "contract": "esh4", "hedge": "SPY"}, Master())
    assert [(p.code, p.where, p.rule, p.mend) for p in prepared.problems] == [
        (
            "CONFIG_SYMBOL",
            "ticker",
            "expected an equity that the catalog knows, found 'SPX'",
            "Near names for SPX as EQUITY.",
        ),
        (
            "CONFIG_SYMBOL",
            "hedge",
            "expected a future that the catalog knows, found 'SPY'",
            "Near names for SPY as FUTURE.",
        ),
    ]
    assert prepare_config(schema, {"ticker": "SPX"}).problems == []


def test_a_config_read_from_text_keeps_every_digit_until_it_is_checked() -> None:
    document, problems = read_json('{"x": 0.30000000000000004, "y": 1.10, "n": 3}', "run.json")
    assert problems == []
    assert document is not None
    assert document.value == {"x": Decimal("0.30000000000000004"), "y": Decimal("1.1"), "n": 3}
    assert effective_parameters(schema_of(), document.value) == {"x": 0.30000000000000004, "y": 1.1, "n": 3}


def test_the_order_of_the_schema_is_the_order_of_the_values() -> None:
    schema = schema_of(b={"default": 1}, a={"default": 2})
    assert list(effective_parameters(schema, {"z": 0, "a": 5})) == ["b", "a", "z"]
