"""Schemas, configs and sources made to hang, crash or overfill the checks: each is answered, quickly."""

import gc
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from periscope.strategies.json_text import read_json
from periscope.strategies.parameters import config_problems, config_sentences, prepare_config
from periscope.strategies.schema import check_schema
from periscope.strategies.static_check import check_bundle
from periscope.strategies.validation import TooCostlyError, errors_of
from tests.strategies.bundles import GOOD_SCHEMA, write_bundle

SECONDS = 1.0


@contextmanager
def quickly() -> Iterator[None]:
    """What is done here takes this thread less than a second of the processor; it takes a tenth of that at most.

    What other tests have left in memory is kept out of the garbage collector's sight, whose work would count here.
    """
    gc.freeze()
    start = time.thread_time()
    try:
        yield
        taken = time.thread_time() - start
    finally:
        gc.unfreeze()
    assert taken < SECONDS


def doubling(levels: int) -> dict[str, Any]:
    steps: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(levels)}
    steps[f"d{levels}"] = {"type": "string"}
    return {"type": "object", "properties": {"a": {"$ref": "#/definitions/d0"}}, "definitions": steps}


def chain(length: int) -> dict[str, Any]:
    steps: dict[str, Any] = {f"d{n}": {"$ref": f"#/definitions/d{n + 1}"} for n in range(length)}
    steps[f"d{length}"] = {"type": "string"}
    return {"type": "object", "properties": {"a": {"$ref": "#/definitions/d0"}}, "definitions": steps}


SCHEMAS: dict[str, tuple[str, str]] = {
    "deep arrays": ('{"type": "object", "x": ' + "[" * 10_000 + "]" * 10_000 + "}", "JSON_TOO_LARGE"),
    "deeper arrays": ("[" * 200_000, "JSON_TOO_LARGE"),
    "deep objects": ('{"type":"object","not":' + '{"not":' * 10_000 + "{}" + "}" * 10_001, "JSON_TOO_LARGE"),
    "65 levels": ('{"type":"object","not":' + '{"not":' * 65 + "{}" + "}" * 66, "JSON_TOO_LARGE"),
    "many values": ('{"type":"object","enum":[' + ",".join("1" * 1 for _ in range(30_000)) + "]}", "JSON_TOO_LARGE"),
    "long": ('{"type":"object","title":"' + "a" * 600_000 + '"}', "JSON_TOO_LARGE"),
    "doubling references": (json.dumps(doubling(40)), "SCHEMA_TOO_LARGE"),
    "a long chain": (json.dumps(chain(3_000)), "SCHEMA_TOO_LARGE"),
    "a loop of two": (
        json.dumps(
            {
                "type": "object",
                "properties": {"a": {"$ref": "#/definitions/x"}},
                "definitions": {"x": {"$ref": "#/definitions/y"}, "y": {"anyOf": [{"$ref": "#/definitions/x"}]}},
            }
        ),
        "SCHEMA_REFERENCE",
    ),
    "a huge exponent": ('{"type": "object", "minProperties": 1e99999999999999999999}', "JSON_NUMBER"),
    "an infinity": ('{"type": "object", "minProperties": -Infinity}', "JSON_NUMBER"),
    "a huge integer": ('{"type": "object", "minProperties": ' + "9" * 100_000 + "}", "JSON_NUMBER"),
    "a huge pattern": (
        json.dumps({"type": "object", "properties": {"a": {"pattern": "(a{1,1000}){1,1000}"}}}),
        "SCHEMA_INVALID",
    ),
    "a null character": ('{"type": "object", "title": "\0"}', "JSON_SYNTAX"),
    "a remote reference": (
        '{"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}',
        "SCHEMA_REFERENCE",
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_hostile_schema_is_refused_quickly(tmp_path: Path, name: str) -> None:
    text, code = SCHEMAS[name]
    bundle = write_bundle(tmp_path, schema=text)
    with quickly():
        result = check_bundle(bundle)
    assert code in [problem.code for problem in result.problems]
    assert result.bundle is None
    assert all(len(str(problem)) < 1_000 for problem in result.problems)


BOMBS = ["^(a+)+$", "^(a|aa)+$", "^(?=(a+)+$)b", "^(a+)+\\1$", "(?=.*a)(?:(a|aa)+)+\\1$", "^(([a-z])+.)+[A-Z]([a-z])+$"]


@pytest.mark.parametrize("pattern", BOMBS)
def test_a_pattern_can_not_be_made_to_hang(pattern: str) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}
    document, _ = read_json(json.dumps(schema), "config_schema.json")
    assert document is not None
    checked, problems = check_schema(document)
    assert problems == []
    assert checked is not None
    with quickly():
        [sentence] = config_sentences(checked, {"a": "a" * 10_000 + "!"})
    assert sentence.startswith("a: expected a text that matches")


def nest(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def circle() -> object:
    value: list[object] = []
    value.append(value)
    return value


CONFIGS: dict[str, Callable[[], Any]] = {
    "deep": lambda: nest(10_000),
    "circular": circle,
    "wide": lambda: list(range(100_000)),
    "signalling": lambda: Decimal("sNaN"),
    "huge exponent": lambda: Decimal("1E+999999"),
    "tiny": lambda: Decimal("1E-999999"),
    "surrogate": lambda: {"\udfff": "\ud800"},
    "object": object,
    "bytes": lambda: b"x",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_hostile_config_is_refused_quickly(name: str) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"x": {}}}
    with quickly():
        problems = prepare_config(schema, {"x": CONFIGS[name]()}).problems
    assert problems
    assert all(problem.code == "CONFIG_VALUE" for problem in problems)
    for problem in problems:
        str(problem).encode("utf-8")


def test_a_flood_of_problems_is_cut() -> None:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
    assert len(config_problems(schema, {f"k{number}": number for number in range(5_000)})) == 100


SOURCES = {
    "minus": "x = " + "-" * 100_000 + "1",
    "parentheses": "x = " + "(" * 100_000,
    "not": "x = " + "not " * 50_000 + "1",
    "dots": "x = a" + ".b" * 100_000,
    "sum": "x = 1" + "+1" * 100_000,
    "elif": "if 1:\n  pass\n" + "elif 1:\n  pass\n" * 20_000,
    "deep base": "class Strategy(" + "a(" * 90 + ")" * 90 + "):\n  pass\n",
    "long base": "class Strategy(1" + "+1" * 700 + "):\n  pass\n",
    "blocks": "\n".join(" " * level + "if x:" for level in range(150)),
    "f-strings": "x = " + "f'{" * 200,
    "one long line": "x = '" + "a" * 500_000 + "\n",
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_hostile_source_is_refused(tmp_path: Path, name: str) -> None:
    result = check_bundle(write_bundle(tmp_path, SOURCES[name]))
    assert result.bundle is None
    assert {problem.code for problem in result.problems} <= {"MODULE_NOT_PARSED", "STRATEGY_MISSING", "STRATEGY_BASE"}
    assert all(len(str(problem)) < 1_000 for problem in result.problems)


def _random_json(chance: random.Random, depth: int = 0) -> object:
    kind = chance.randrange(9 if depth < 5 else 6)
    if kind == 6:
        return [_random_json(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind >= 7:
        keys = [*KEYWORDS, "fast", "ticker", "\ud800", ""]
        return {chance.choice(keys): _random_json(chance, depth + 1) for _ in range(chance.randrange(5))}
    texts = ["", "a" * 99, "\ud800", "#", "#/properties/fast", "symbol", "string", "^(a+)+$", "\x00", "EQUITY"]
    numbers = [0, -1, 10**30, 1.5, float("nan"), float("inf"), Decimal("1E+400"), Decimal("0.1")]
    options: list[object] = [None, True, False, chance.choice(numbers), chance.choice(texts), chance.choice(texts)]
    return options[kind]


KEYWORDS = [
    "$id",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "default",
    "definitions",
    "dependencies",
    "enum",
    "format",
    "if",
    "items",
    "maximum",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "uniqueItems",
    "x-periscope-type",
    "x-periscope-asset-type",
]


def _mutated(chance: random.Random, value: object) -> object:
    """A copy of a JSON value with one place changed."""
    copy = json.loads(json.dumps(value))
    place = copy
    while True:
        if not isinstance(place, dict | list) or not place:
            return copy
        key: Any = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        if chance.random() < 0.5 or not isinstance(place[key], dict | list):
            place[key] = _random_json(chance)
            if isinstance(place, dict) and chance.random() < 0.5:
                place[chance.choice(KEYWORDS)] = _random_json(chance)
            return copy
        place = place[key]


def test_generated_schemas_and_configs_are_answered(cases: Callable[..., int]) -> None:
    """Row 21 of the promises: whatever comes in, a list of problems comes out, under a second."""
    for seed in range(cases(500, 5_000, 200_000)):
        chance = random.Random(seed)
        schema = _mutated(chance, GOOD_SCHEMA)
        start = time.thread_time()
        try:
            text = json.dumps(schema, default=str)
            document, problems = read_json(text, "config_schema.json")
            checked = None
            if document is not None:
                checked, more = check_schema(document)
                problems = problems or more
            config = {key: _random_json(chance) for key in ("ticker", "fast", "span", "risk") if chance.random() < 0.8}
            prepared = prepare_config(checked if checked is not None else GOOD_SCHEMA, config)
            messages = [str(problem) for problem in [*problems, *prepared.problems, *prepared.warnings]]
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
        assert time.thread_time() - start < SECONDS, f"seed {seed}"
        assert "\n".join(messages).encode("utf-8") is not None, f"seed {seed}"


COSTLY: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "as many errors as values times names": (
        {"items": {"required": [f"n{number}" for number in range(3_000)]}},
        [{} for _ in range(3_000)],
    ),
    "each value against each of an enum's": (
        {"items": {"enum": [{"k": number} for number in range(2_000)]}},
        [{"k": -number} for number in range(2_000)],
    ),
    "each text against each pattern": (
        {"items": {"allOf": [{"pattern": f"^(a+)+${number}"} for number in range(100)]}},
        ["a" * 4_000 for _ in range(100)],
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_validation_that_would_not_end_is_refused_before_it_begins(name: str) -> None:
    declared, value = COSTLY[name]
    schema: dict[str, Any] = {"type": "object", "properties": {"a": declared}}
    without_validator: Any = None
    with pytest.raises(TooCostlyError, match="are too many for a schema"):
        errors_of(without_validator, schema, {"a": value})
    (problem,) = config_problems(schema, {"a": value})
    assert "are too many for a schema" in problem.rule
    with_default = {"type": "object", "properties": {"a": {**declared, "default": value}}}
    document, _ = read_json(json.dumps(with_default), "config_schema.json")
    assert document is not None
    checked, problems = check_schema(document)
    assert (checked, [problem.code for problem in problems]) == (None, ["SCHEMA_DEFAULT"])


def test_of_very_many_errors_the_first_is_told() -> None:
    declared = {"items": {"required": [f"n{number}" for number in range(1_000)]}}
    schema: dict[str, Any] = {"type": "object", "properties": {"a": declared}}
    values: dict[str, Any] = {"a": [{} for _ in range(3_000)]}
    (problem,) = config_problems(schema, values)
    assert problem.where == "a[0].n0"
    assert config_problems(schema, {"a": []}) == []
    validator: Any = OnlyTheFirst()
    assert errors_of(validator, schema, values) == [validator.first]


class OnlyTheFirst:
    """A validator that finds something wrong, and can't be asked for all that is."""

    def __init__(self) -> None:
        (self.first,) = jsonschema_rs.Draft7Validator({"type": "object"}).iter_errors([])

    def validate(self, _value: object) -> None:
        """Find one error."""
        raise self.first
