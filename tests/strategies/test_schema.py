"""The rules that a config_schema.json keeps."""

import json
from pathlib import Path
from typing import Any

import pytest

from periscope.strategies.json_text import read_json
from periscope.strategies.problems import CODES, Problem
from periscope.strategies.schema import check_schema
from periscope.strategies.static_check import check_bundle
from tests.strategies.bundles import GOOD_SCHEMA


def schema_problems(schema: object) -> list[Problem]:
    text = schema if isinstance(schema, str) else json.dumps(schema, indent=1)
    document, problems = read_json(text, "config_schema.json")
    return problems if document is None or problems else check_schema(document)[1]


def only(name: str, declared: object, **more: object) -> dict[str, Any]:
    return {"type": "object", "properties": {name: declared}, **more}


SYMBOL = {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "EQUITY"}

GOOD = [
    GOOD_SCHEMA,
    {"type": "object"},
    only(
        "a",
        {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?$"},
        **{"$schema": "http://json-schema.org/draft-07/schema#"},
    ),
    only("a", {"$ref": "#/definitions/t"}, definitions={"t": SYMBOL}),
    only("a", {"$ref": "#/definitions/a%20b~1c"}, definitions={"a b/c": SYMBOL}),
    only("a", {**SYMBOL, "enum": ["SPY", "QQQ"], "default": "spy"}),
    only("a", {"x-periscope-type": "bar_time_span", "const": "MINUTE"}),
    only("a", {"x-periscope-type": "bar_time_span", "enum": ["Second", "hour"], "default": "HOUR", "type": "string"}),
    only("a", {"type": "object", "properties": {"$ref": {"type": "string"}, "$id": {"type": "integer"}}}),
    only("a", {"enum": [{"$ref": "http://x/"}, {"x-periscope-type": "symbol"}]}),
    only("a", True),
    only("a", {"$ref": "#/definitions/any"}, definitions={"any": True}),
    {"$id": "https://example.com/mine.json", **only("a", {"$ref": "#/definitions/t"}, definitions={"t": SYMBOL})},
]


@pytest.mark.parametrize("schema", GOOD)
def test_a_good_schema(schema: dict[str, Any]) -> None:
    assert [str(problem) for problem in schema_problems(schema)] == []


BAD = [
    ([], "JSON_SYNTAX", "", "expected an object at the top level"),
    ({}, "SCHEMA_NOT_OBJECT", "type", "found 'no type'"),
    ({"type": "array"}, "SCHEMA_NOT_OBJECT", "type", "found 'array'"),
    ({"type": ["object", "null"]}, "SCHEMA_NOT_OBJECT", "type", "found ['object', 'null']"),
    (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"},
        "SCHEMA_DRAFT",
        "$schema",
        "expected JSON Schema, Draft 7",
    ),
    ({"$schema": 7, "type": "object"}, "SCHEMA_DRAFT", "$schema", "found 7"),
    (only("a", {"type": "strnig"}), "SCHEMA_INVALID", "properties.a.type", "expected one of array, boolean, integer"),
    (only("a", {"minimum": "x"}), "SCHEMA_INVALID", "properties.a.minimum", '"x" is not of type "number"'),
    (only("a", {"pattern": "("}), "SCHEMA_INVALID", "properties.a.pattern", "expected a regex, found '('"),
    (only("a", {"pattern": "a{1000}{1000}{1000}"}), "SCHEMA_INVALID", "properties.a.pattern", "regex"),
    (only("a", 5), "SCHEMA_INVALID", "properties.a", "5 is not of types"),
    ({"type": "object", "properties": []}, "SCHEMA_INVALID", "properties", "is not of type"),
    ({"type": "object", "required": "a"}, "SCHEMA_INVALID", "required", "is not of type"),
    (only("a", {"$ref": "http://example.com/x.json"}), "SCHEMA_REFERENCE", "properties.a.$ref", "inside this file"),
    (only("a", {"$ref": "file:///etc/passwd"}), "SCHEMA_REFERENCE", "properties.a", "inside this file"),
    (only("a", {"$ref": "other.json"}), "SCHEMA_REFERENCE", "properties.a", "inside this file"),
    (only("a", {"$ref": "#/definitions/none"}), "SCHEMA_REFERENCE", "properties.a", "found none at"),
    (only("a", {"$ref": 5}), "SCHEMA_REFERENCE", "properties.a", "expected a text such as #/definitions"),
    (only("a", {"$ref": "#/default/x"}, default={"x": {}}), "SCHEMA_REFERENCE", "properties.a", "found none at"),
    (only("a", {"$id": "http://x/", "type": "string"}), "SCHEMA_REFERENCE", "properties.a", "expected no $id below"),
    (only("a", {"$ref": "#"}), "SCHEMA_REFERENCE", "the top level", "one that comes back to itself"),
    (
        only("a", {"$ref": "#/definitions/x"}, definitions={"x": {"not": {"$ref": "#/definitions/x"}}}),
        "SCHEMA_REFERENCE",
        "the top level",
        "one that comes back to itself",
    ),
    (only("a", {"x-periscope-type": "ticker"}), "SCHEMA_PERISCOPE_TYPE", "properties.a.x-periscope-type", "ticker"),
    (only("a", {"x-periscope-type": None}), "SCHEMA_PERISCOPE_TYPE", "properties.a.x-periscope-type", "found None"),
    (only("a", {"x-periscope-typ": "symbol"}), "SCHEMA_PERISCOPE_TYPE", "properties.a.x-periscope-typ", "found"),
    (
        only("a", {"type": "string", "x-periscope-type": "symbol"}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.x-periscope-asset-type",
        "found none",
    ),
    (
        only("a", {**SYMBOL, "x-periscope-asset-type": "ETF"}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.x-periscope-asset-type",
        "found 'ETF'",
    ),
    (only("a", {**SYMBOL, "type": "integer"}), "SCHEMA_PERISCOPE_TYPE", "properties.a.type", '"type": "string"'),
    (
        only("a", {"type": "string", "x-periscope-asset-type": "EQUITY"}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.x-periscope-asset-type",
        'only beside "x-periscope-type": "symbol"',
    ),
    (
        only("a", {"x-periscope-type": "bar_time_span"}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.x-periscope-type",
        "expected a const or an enum",
    ),
    (
        only("a", {"x-periscope-type": "bar_time_span", "enum": ["minute", "week"]}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.enum",
        "found 'week'",
    ),
    (
        only("a", {"x-periscope-type": "bar_time_span", "const": 60}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.const",
        "found 60",
    ),
    (
        only("a", {"type": "array", "items": SYMBOL}),
        "SCHEMA_PERISCOPE_TYPE",
        "properties.a.items.x-periscope-type",
        "only on a property of the top level",
    ),
    (only("a", {"type": "integer", "default": "x"}), "SCHEMA_DEFAULT", "properties.a.default", "valid itself"),
    (
        only("a", {"x-periscope-type": "bar_time_span", "enum": ["day"], "default": "minute"}),
        "SCHEMA_DEFAULT",
        "properties.a.default",
        "valid itself",
    ),
    (
        only("a", {"$ref": "#/definitions/p", "default": -1}, definitions={"p": {"type": "integer", "minimum": 0}}),
        "SCHEMA_DEFAULT",
        "properties.a.default",
        "valid itself",
    ),
    ('{"type": "object",}', "JSON_SYNTAX", "", "not valid JSON"),
    ('{"type": "object", "type": "object"}', "JSON_DUPLICATE_KEY", "type", "found this one twice"),
    ('{"type": "object", "minProperties": 1e400}', "JSON_NUMBER", "minProperties", "expected a finite number"),
    ('{"type": "object", "minProperties": NaN}', "JSON_NUMBER", "", "found NaN"),
    ('{"type": "object", "minProperties": ' + "1" * 500 + "}", "JSON_NUMBER", "", "at most 400 digits"),
    ('{"type": "object", "title": "\\ud800"}', "JSON_TEXT", "title", "valid Unicode"),
    ('{"type": "object", "properties": {"\\ud800": {}}}', "JSON_TEXT", "properties", "valid Unicode"),
]


@pytest.mark.parametrize(("schema", "code", "where", "rule"), BAD)
def test_a_bad_schema_says_what_is_wrong_and_where(schema: object, code: str, where: str, rule: str) -> None:
    problems = schema_problems(schema)
    found = [problem for problem in problems if problem.code == code and rule in problem.rule]
    assert found, [str(problem) for problem in problems]
    assert found[0].where.startswith(where)
    assert found[0].mend
    str(found[0]).encode("utf-8")


def test_every_problem_is_found_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = """{
  "type": "object",
  "properties": {
    "a": {"type": "strnig"},
    "b": {
      "minimum": "five",
      "pattern": "["
    }
  },
  "required": [1]
}"""
    found = {(problem.where, problem.line, problem.column) for problem in schema_problems(text)}
    assert found == {
        ("properties.a.type", 4, 11),
        ("properties.b.minimum", 6, 7),
        ("properties.b.pattern", 7, 7),
        ("required[0]", 10, 16),
    }


def test_a_duplicate_key_has_the_line_of_the_second(tmp_path: Path) -> None:
    [problem] = schema_problems('{"type": "object",\n "properties": {\n  "a": {},\n  "b": {},\n  "a": {}}}')
    assert (problem.code, problem.where, problem.line, problem.column) == ("JSON_DUPLICATE_KEY", "properties.a", 5, 3)


def test_every_code_that_is_used_is_listed() -> None:
    source = "\n".join(path.read_text() for path in (Path(__file__).parents[2] / "periscope/strategies").glob("*.py"))
    assert all(source.count(f'"{code}"') >= 2 for code in CODES)
    assert check_bundle(Path("/nonexistent")).problems[0].code in CODES
