"""The values of a run's parameters against the strategy's schema: defaults, checks, symbols."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, cast

import jsonschema_rs

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.declared import ASSET_TYPE_KEYWORD, declaration
from libs.shared_ipc.src.protocol import AssetType
from periscope.strategies.json_text import JsonDocument, plain, size_problem, value_problems
from periscope.strategies.problems import JsonPath, Problem, path_text, printable, shorten
from periscope.strategies.schema import (
    MAX_PROBLEMS,
    SYMBOL,
    as_spelled,
    canonical,
    periscope_type,
    property_names,
)
from periscope.strategies.schema_walk import Schema
from periscope.strategies.validation import TooCostlyError, errors_of, validator_for

CONFIG_FILE = "config"
"""What a problem calls the config, which need not come from a file; paths start at the strategy's section."""


class KnownSymbols(Protocol):
    """What the check of symbols needs of an instrument master."""

    def get(self, symbol: str, asset_type: AssetType, /) -> object | None:
        """The instrument, None if there is none."""

    def explain_unknown(self, symbol: str, asset_type: AssetType, /) -> str:
        """Near names, or the asset type under which the symbol does exist."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run is launched with: every value, defaults filled in, and what is wrong or odd about it."""

    values: dict[str, JSONValue]
    problems: list[Problem]
    warnings: list[Problem]


def prepare_config(schema: Schema, config: Mapping[str, object], master: KnownSymbols | None = None) -> Prepared:
    """Fill in the schema's defaults, then check the whole. The strategy gets `values` once there is no problem.

    `config` may hold Decimals where it was read without losing digits. Symbols are checked where a `master` is given.
    """
    unusable = _unusable(config)
    if unusable:
        return Prepared({}, unusable, [])
    values = effective_parameters(schema, config)
    return Prepared(values, config_problems(schema, values, master), list(_undeclared(schema, values)))


def effective_parameters(schema: Schema, config: Mapping[str, object]) -> dict[str, JSONValue]:
    """The config with the `default` of every top-level property that it leaves out, in the schema's order.

    Symbols are trimmed and upper-cased, bar time spans lower-cased, Decimals become floats. Nothing is checked.
    """
    values: dict[str, JSONValue] = {}
    for key in property_names(schema):
        declared = declaration(schema, key)
        if key in config:
            values[key] = cast("JSONValue", canonical(declared, plain(config[key])))
        elif declared is not None and "default" in declared:
            values[key] = cast("JSONValue", canonical(declared, plain(declared["default"])))
    values.update({key: cast("JSONValue", plain(value)) for key, value in config.items() if key not in values})
    return values


def config_problems(schema: Schema, config: Mapping[str, object], master: KnownSymbols | None = None) -> list[Problem]:
    """Every rule of the schema that a config breaks as it stands, without defaults filled in."""
    unusable = _unusable(config)
    if unusable:
        return unusable
    spelled = {key: as_spelled(declaration(schema, key), plain(value)) for key, value in config.items()}
    problems: list[Problem] = []
    try:
        for error in errors_of(validator_for(schema), schema, spelled):
            problems.extend(_problems_of(error, property_names(schema)))
            if len(problems) >= MAX_PROBLEMS:
                return problems[:MAX_PROBLEMS]
    except TooCostlyError as refusal:
        return [
            _problem("CONFIG_VALUE", (), f"expected less: {refusal}", "Shorten the config, or simplify the schema.")
        ]
    problems.extend(_written_as_decimal(schema, spelled))
    if master is not None:
        problems.extend(_unknown_symbols(schema, spelled, master))
    return problems


def config_sentences(schema: Schema, config: Mapping[str, object]) -> list[str]:
    """What is wrong with a config, a sentence each; empty when it fits the schema."""
    return [f"{problem.where}: {problem.rule}" for problem in config_problems(schema, config)]


def _unusable(config: Mapping[str, object]) -> list[Problem]:
    document = JsonDocument(CONFIG_FILE, dict(config), {})
    too_large = size_problem(document)
    found = [too_large] if too_large is not None else value_problems(document)
    return [replace(problem, code="CONFIG_VALUE") for problem in found]


def _problem(code: str, path: JsonPath, rule: str, mend: str) -> Problem:
    return Problem(code, CONFIG_FILE, None, None, path_text(path) or "the top level", rule, mend)


def _problems_of(error: jsonschema_rs.ValidationError, names: list[str]) -> Iterator[Problem]:
    path: JsonPath = tuple(error.instance_path)
    match error.kind.name, error.kind.value:
        case "required", str(name):
            missing = (*path, name)
            mend = f"Add it, for example --set {name}=…" if not path else "Add it."
            yield _problem("CONFIG_MISSING", missing, "expected a value, found nothing", mend)
        case "additionalProperties", list(unexpected):
            for name in unexpected:
                near = difflib.get_close_matches(str(name), names, 1) if not path else []
                mend = f"Did you mean {near[0]}?" if near else "Remove it, or declare it in config_schema.json."
                yield _problem("CONFIG_KEY_UNKNOWN", (*path, str(name)), "expected no such key", mend)
        case _:
            found = printable(error.instance)
            yield _problem("CONFIG_VALUE", path, f"expected {_expectation(error)}, found {found}", _mend(path))


def _mend(path: JsonPath) -> str:
    return f"Change it, for example with --set {path[0]}=…" if len(path) == 1 else "Change it."


_EXPECTATIONS = {
    "exclusiveMaximum": "less than {}",
    "exclusiveMinimum": "more than {}",
    "format": "a text of the format {}",
    "maxItems": "at most {} items",
    "maxLength": "at most {} characters",
    "maxProperties": "at most {} keys",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "minLength": "at least {} characters",
    "minProperties": "at least {} keys",
    "minimum": "at least {}",
    "multipleOf": "a multiple of {}",
    "pattern": "a text that matches {}",
}


def _expectation(error: jsonschema_rs.ValidationError) -> str:
    kind, value = error.kind.name, error.kind.value
    if kind in _EXPECTATIONS:
        return _EXPECTATIONS[kind].format(shorten(str(value)))
    match kind, value:
        case "type", list(names):
            return " or ".join(_article(str(name)) for name in names)
        case "enum", list(options):
            return "one of " + shorten(", ".join(str(each) for each in options), 200)
        case "const", _:
            return printable(value)
        case _:
            return "a value that the schema allows (" + shorten(error.message, 120) + ")"


def _article(name: str) -> str:
    return name if name == "null" else f"an {name}" if name[0] in "aeio" else f"a {name}"


def _written_as_decimal(schema: Schema, config: Mapping[str, object]) -> Iterator[Problem]:
    """Draft 7 takes 5.0 for an integer, `require_int` does not: say it before the run starts."""
    for key, value in config.items():
        declared = declaration(schema, key)
        whole = declared is not None and declared.get("type") == "integer"
        if whole and isinstance(value, float) and value.is_integer():
            rule = f"expected an integer without a decimal point, found {value}"
            yield _problem("CONFIG_VALUE", (key,), rule, f"Write {printable(int(value))}.")


def _unknown_symbols(schema: Schema, config: Mapping[str, object], master: KnownSymbols) -> Iterator[Problem]:
    for key, value in config.items():
        declared = declaration(schema, key)
        asset = declared.get(ASSET_TYPE_KEYWORD) if declared is not None else None
        if periscope_type(declared) != SYMBOL or not isinstance(value, str) or not isinstance(asset, str):
            continue
        asset_type, symbol = AssetType(asset), str(canonical(declared, value))
        if master.get(symbol, asset_type) is None:
            rule = f"expected {_article(asset_type.lower())} that the catalog knows, found {printable(symbol)}"
            yield _problem("CONFIG_SYMBOL", (key,), rule, master.explain_unknown(symbol, asset_type))


def _undeclared(schema: Schema, config: Mapping[str, object]) -> Iterator[Problem]:
    """Keys that the schema neither declares nor forbids: most often a slip of the pen."""
    if schema.get("additionalProperties") is not None or schema.get("patternProperties") is not None:
        return
    names = property_names(schema)
    for key in config:
        if key not in names:
            near = difflib.get_close_matches(key, names, 1)
            mend = f"Did you mean {near[0]}?" if near else "Remove it, or declare it in config_schema.json."
            rule = "expected a parameter that the schema declares; nothing checks this one"
            yield _problem("CONFIG_KEY_NOT_DECLARED", (key,), rule, mend)
