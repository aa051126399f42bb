"""A run's config document: what is read from it, and how each mistake is answered."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.engine.settings import FillModelName, LimitFill, Limits, PriceRounding, Settings
from periscope.execution.fees import Bounded, PerContract, PerShare, Sum
from periscope.execution.slippage import PriceBasisPoints
from periscope.runs.config import (
    CORE_KEYS,
    Problem,
    RunConfig,
    default_core,
    merge_overrides,
    parse_run_config,
    read_document,
)
from tests.sizes import examples

WINDOW = {"start": "2024-01-02", "end": "2024-03-28"}


def us(text: str) -> int:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def config_of(core: dict[str, Any] | None = None, **environment: str) -> RunConfig:
    parsed = parse_run_config({"environment": WINDOW | environment, "core": core or {}})
    assert isinstance(parsed, RunConfig), parsed
    return parsed


def problems_of(document: Any, **kwargs: Any) -> dict[str, Problem]:
    parsed = parse_run_config(document, **kwargs)
    assert isinstance(parsed, list)
    return {problem.path: problem for problem in parsed}


def test_an_empty_core_gives_every_default_of_the_settings() -> None:
    config = config_of()
    plain = Settings(
        start=config.environment.start, end=config.environment.end, config_hash=config.settings.config_hash
    )
    assert config.settings == plain
    assert config.core == default_core()


def test_every_default_is_what_its_own_reader_gives() -> None:
    for key in CORE_KEYS:
        assert key.read(key.default) == key.default, key.path


def test_every_key_reaches_the_settings() -> None:
    core = {
        "currency": "eur",
        "hours": "extended",
        "seed": 7,
        "execution_span": "MINUTE",
        "fill_model": "current_close",
        "limit_fill": "touch",
        "price_rounding": "reject",
        "slippage": {"basis_points": "2.50"},
        "participation": Decimal("0.1"),
        "fees": {"per_share": "0.005", "minimum": 1, "per_contract": "2.25"},
        "limits": {"handler_seconds": 2, "total_seconds": "60", "actions_per_reply": 5},
    }
    settings = config_of(core).settings
    assert settings.currency == "EUR"
    assert settings.extended_hours
    assert settings.seed == 7
    assert settings.execution_span is BarTimeSpan.MINUTE
    assert settings.fill_model is FillModelName.CURRENT_CLOSE
    assert settings.limit_fill is LimitFill.TOUCH
    assert settings.price_rounding is PriceRounding.REJECT
    assert settings.slippage == PriceBasisPoints(Decimal("2.5"))
    assert settings.participation == Decimal("0.1")
    assert settings.fees == Sum(
        (Bounded(inner=PerShare(Decimal("0.005")), minimum=Decimal(1)), PerContract(Decimal("2.25")))
    )
    assert settings.limits == Limits(handler_seconds=2.0, total_seconds=60.0, actions_per_reply=5)


def test_the_effective_config_is_json_and_reads_back_as_itself() -> None:
    first = config_of({"slippage": {"ticks": 2}, "fees": {"per_contract": Decimal("1.10")}})
    again = parse_run_config(read_document(json.dumps(first.document())))
    assert again == first


def test_the_hash_follows_the_meaning_and_not_the_spelling() -> None:
    plain = config_of({"participation": Decimal("0.10")})
    assert plain.settings.config_hash == config_of({"participation": "0.1"}).settings.config_hash
    assert plain.settings.config_hash != config_of({"participation": "0.2"}).settings.config_hash
    assert plain.with_strategy({"fast": 3}).settings.config_hash != plain.settings.config_hash


def test_a_limit_of_a_later_release_leaves_earlier_order_ids_as_they_were() -> None:
    assert config_of({}).settings.config_hash == config_of({"limits": {"memory_bytes": 2 << 30}}).settings.config_hash
    assert config_of({}).settings.config_hash != config_of({"limits": {"memory_bytes": 1 << 30}}).settings.config_hash
    assert config_of({}).settings.config_hash != config_of({"limits": {"total_seconds": 60}}).settings.config_hash


@pytest.mark.parametrize(
    ("exchanges", "start", "end"),
    [
        ((), "2024-03-08T00:00:00-05:00", "2024-03-11T00:00:00-04:00"),
        (("XNYS",), "2024-03-08T00:00:00-05:00", "2024-03-11T00:00:00-04:00"),
        (("CME",), "2024-03-07T17:00:00-06:00", "2024-03-10T17:00:00-05:00"),
        (("CME", "XNAS"), "2024-03-07T17:00:00-06:00", "2024-03-11T00:00:00-04:00"),
    ],
)
def test_a_date_means_the_exchanges_whole_day(exchanges: tuple[str, ...], start: str, end: str) -> None:
    document = {"environment": {"start": "2024-03-08", "end": "2024-03-10"}}
    config = parse_run_config(document, exchanges=exchanges)
    assert isinstance(config, RunConfig)
    assert (config.environment.start, config.environment.end) == (us(start), us(end))


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("2024-01-03T09:30:00-05:00", "2024-01-03T14:30:00+00:00"),
        ("2024-01-03T14:30Z", "2024-01-03T14:30:00+00:00"),
        ("2024-01-03t14:30:00.000001z", "2024-01-03T14:30:00.000001+00:00"),
        ("2024-01-03 14:30:00+00:00", "2024-01-03T14:30:00+00:00"),
    ],
)
def test_a_time_with_an_offset_is_that_moment(text: str, meaning: str) -> None:
    assert config_of(start=text).environment.start == us(meaning)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2024-01-03T09:30:00", "no offset"),
        ("2024-13-03", "not a usable time"),
        ("2024-02-30T09:30:00Z", "not a usable time"),
        ("03/01/2024", "neither a date"),
        ("2024-01-03T09:30:00.0000001Z", "neither a date"),
        ("9999-12-31", "year"),
        ("0001-01-01T00:00:00+14:00", "year"),
        ("tomorrow", "neither a date"),
        ("", "neither a date"),
    ],
)
def test_other_texts_are_no_time(text: str, says: str) -> None:
    problem = problems_of({"environment": {"start": text, "end": "2024-02-01"}})["environment.start"]
    assert problem.code == "BAD_DATE"
    assert says in problem.message


def test_the_end_must_come_after_the_start() -> None:
    same = "2024-01-02T00:00:00Z"
    for end in (same, "2023-12-31"):
        problem = problems_of({"environment": {"start": same, "end": end}})["environment.end"]
        assert problem.code == "WINDOW_EMPTY"


def test_a_window_of_one_day_is_that_day() -> None:
    window = config_of(start="2024-01-02", end="2024-01-02").environment
    assert window.end - window.start == 24 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("core", "path", "code", "says"),
    [
        ({"fil_model": "next_bar"}, "core.fil_model", "UNKNOWN_KEY", "did you mean fill_model"),
        ({"limits": {"handler_second": 1}}, "core.limits.handler_second", "UNKNOWN_KEY", "limits.handler_seconds"),
        ({"limits": 3}, "core.limits", "WRONG_TYPE", "handler_seconds"),
        ({"fill_model": "nextbar"}, "core.fill_model", "NOT_ALLOWED", "did you mean next_bar"),
        ({"fill_model": 3}, "core.fill_model", "WRONG_TYPE", "next_bar"),
        ({"seed": True}, "core.seed", "WRONG_TYPE", "whole number"),
        ({"seed": -1}, "core.seed", "OUT_OF_RANGE", "found -1"),
        ({"participation": 0}, "core.participation", "OUT_OF_RANGE", "more than 0 and at most 1"),
        ({"participation": "NaN"}, "core.participation", "OUT_OF_RANGE", "finite"),
        ({"participation": "1e400"}, "core.participation", "OUT_OF_RANGE", "finite"),
        ({"participation": "much"}, "core.participation", "WRONG_TYPE", "'much'"),
        ({"slippage": {"ticks": 1, "basis_points": 1}}, "core.slippage", "NOT_ALLOWED", "exactly one"),
        ({"slippage": {"tick": 1}}, "core.slippage.tick", "UNKNOWN_KEY", "did you mean ticks"),
        ({"slippage": {"ticks": "1"}}, "core.slippage.ticks", "WRONG_TYPE", "whole number"),
        ({"slippage": 4}, "core.slippage", "WRONG_TYPE", "object of ticks"),
        ({"fees": {"minimum": 2, "maximum": 1}}, "core.fees", "OUT_OF_RANGE", "minimum 2 is above maximum 1"),
        ({"fees": {"per_share": -1}}, "core.fees.per_share", "OUT_OF_RANGE", "at least 0"),
        ({"fees": {"basis_points": 10_001}}, "core.fees.basis_points", "OUT_OF_RANGE", "at most 10000"),
        ({"fees": "leen"}, "core.fees", "NOT_ALLOWED", "did you mean lean"),
        ({"slippage": "volume_share"}, "core.slippage", "NOT_ALLOWED", '{"volume_share": "0.1"}'),
        ({"slippage": {"volume_share": {"power": 3}}}, "core.slippage.volume_share.power", "OUT_OF_RANGE", "1 to 2"),
        ({"slippage": {"volume_share": 0}}, "core.slippage.volume_share.price_impact", "OUT_OF_RANGE", "more than 0"),
        ({"currency": "dollar"}, "core.currency", "WRONG_TYPE", "three letters"),
        ({"execution_span": "week"}, "core.execution_span", "NOT_ALLOWED", "minute"),
        ({"limits": {"handler_seconds": 0}}, "core.limits.handler_seconds", "OUT_OF_RANGE", "found 0"),
        ({"account": "reg_t"}, "core.account", "NOT_ALLOWED", "margin"),
        ({"slippage": {"ticks": 1, "basis_points": 1}}, "core.slippage", "NOT_ALLOWED", "found basis_points, ticks"),
        ({"fees": 0}, "core.fees", "WRONG_TYPE", "expected a name or an object of per_share"),
        ({"margin": Decimal("0.5")}, "core.margin", "WRONG_TYPE", "initial, maintenance, found 0.5"),
        ({"margin": {"initial": 0}}, "core.margin.initial", "OUT_OF_RANGE", "more than 0"),
        ({"margin": {"initial": "0.2"}}, "core.margin.maintenance", "OUT_OF_RANGE", "cannot need more"),
        ({"good_till": 20240201}, "core.good_till", "WRONG_TYPE", "2024-03-28"),
        ({"good_till": "2024-02-30"}, "core.good_till", "BAD_DATE", "not a usable date"),
        ({"good_till": "2024-02-01T16:00"}, "core.good_till", "BAD_DATE", "offset"),
        ({"latency_seconds": -1}, "core.latency_seconds", "OUT_OF_RANGE", "at least 0"),
        ({"latency_seconds": "0.0000001"}, "core.latency_seconds", "OUT_OF_RANGE", "whole microseconds"),
        ({"on_margin_call": "panic"}, "core.on_margin_call", "NOT_ALLOWED", "liquidate"),
        ({"borrow_rate": "-0.01"}, "core.borrow_rate", "OUT_OF_RANGE", "at least 0"),
        ({"interest": {"credit": "0.01"}}, "core.interest.credit", "UNKNOWN_KEY", "cash"),
    ],
)
def test_each_mistake_is_named_with_its_place(core: dict[str, Any], path: str, code: str, says: str) -> None:
    found = problems_of({"environment": WINDOW, "core": core})
    assert list(found) == [path]
    assert found[path].code == code
    assert says in found[path].message


@pytest.mark.parametrize(
    "core",
    [
        {"calendar": "XNYS"},
    ],
)
def test_what_comes_later_is_refused_as_not_available(core: dict[str, Any]) -> None:
    (problem,) = problems_of({"environment": WINDOW, "core": core}).values()
    assert problem.code == "NOT_AVAILABLE"
    assert "not available yet" in problem.message


def test_all_problems_are_reported_at_once() -> None:
    document = {"enviroment": {}, "strategy": 3, "environment": {"begin": 1}, "core": {"seed": "x", "hours": "night"}}
    expected = "enviroment strategy environment.begin environment.start environment.end core.seed core.hours"
    assert set(problems_of(document)) == set(expected.split())
    assert problems_of([])[""].code == "WRONG_TYPE"


def test_fractions_of_the_strategys_section_are_numbers_that_lose_no_digit() -> None:
    text = '{"strategy": {"a": 0.1, "b": [2.50], "c": {"d": 1e3}}, "environment": ' + json.dumps(WINDOW) + "}"
    config = parse_run_config(read_document(text))
    assert isinstance(config, RunConfig)
    assert config.strategy == {"a": 0.1, "b": [2.5], "c": {"d": 1000.0}}
    for number in ("0.1234567890123456789", "1e400"):
        found = problems_of({"environment": WINDOW, "strategy": {"x": read_document(number)}})
        assert found["strategy.x"].code == "OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ('{"a": 1,}', "NOT_JSON", "line 1"),
        ('{"a": NaN}', "NOT_JSON", "NaN"),
        ('{"a": 1, "a": 2}', "DUPLICATE_KEY", "'a'"),
        ("[" * 200_000, "NOT_JSON", "deep"),
        ("9" * 10_000, "NOT_JSON", "digits"),
        (" " * 5_000_000, "NOT_JSON", "longer"),
    ],
)
def test_text_that_is_no_strict_json_is_one_problem(text: str, code: str, says: str) -> None:
    problem = read_document(text)
    assert isinstance(problem, Problem)
    assert problem.code == code
    assert says in problem.message


def test_overrides_lie_over_the_document_and_leave_it_as_it_was() -> None:
    base = {"strategy": {"fast": 10, "symbol": "ACME"}, "core": {"slippage": "none"}}
    sets = ["fast=20", "symbol=IMPACT", "note=a=b", 'list=["x"]', 'code="007"']
    merged = merge_overrides(base, sets, ["slippage.ticks=1", "limits.handler_seconds=2.5", "execution_span=null"])
    assert merged == {
        "strategy": {"fast": 20, "symbol": "IMPACT", "note": "a=b", "list": ["x"], "code": "007"},
        "core": {"slippage": {"ticks": 1}, "limits": {"handler_seconds": Decimal("2.5")}, "execution_span": None},
    }
    assert base == {"strategy": {"fast": 10, "symbol": "ACME"}, "core": {"slippage": "none"}}


def test_an_override_without_a_value_is_a_problem() -> None:
    problems = merge_overrides({}, ["fast"], ["=3", "limits.=1"])
    assert isinstance(problems, list)
    assert [problem.path for problem in problems] == ["strategy", "core", "core"]
    assert "--set expects key=value, found 'fast'" in problems[0].message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(30, 100))
@given(st.fixed_dictionaries({"core": st.dictionaries(st.sampled_from([k.path for k in CORE_KEYS]), json_values)}))
def test_whatever_a_core_section_holds_it_is_answered_with_values(document: dict[str, Any]) -> None:
    parsed = parse_run_config(document | {"environment": WINDOW})
    if isinstance(parsed, RunConfig):
        json.dumps(parsed.document(), allow_nan=False)
    else:
        assert parsed
