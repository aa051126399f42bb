"""The rules that a `config_schema.json` keeps: Draft 7, an object at the top, and the `x-periscope-…` keywords."""

import difflib
from collections.abc import Iterator

import jsonschema_rs

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.declared import (
    ASSET_TYPE_KEYWORD,
    MAX_REFERENCES,
    TYPE_KEYWORD,
    declaration,
    resolve,
)
from libs.shared_ipc.src.protocol import BarTimeSpan
from periscope.strategies.json_text import JsonDocument, plain, size_problem, value_problems
from periscope.strategies.problems import JsonPath, Problem, printable, shorten
from periscope.strategies.schema_walk import Schema, expansion_problem, reference_problem, subschemas
from periscope.strategies.validation import TooCostlyError, errors_of, meta_validator, validator_for

SYMBOL = "symbol"
BAR_TIME_SPAN = "bar_time_span"
SYMBOL_ASSET_TYPES = ("EQUITY", "FUTURE")
"""The asset types that a symbol parameter may declare."""

MAX_PROBLEMS = 100
"""How many problems of one document are listed; nobody mends more at once, and hostile documents have no end."""

_DRAFT_7 = ("http://json-schema.org/draft-07/schema", "https://json-schema.org/draft-07/schema")
_DEFAULTS = "x-defaults"
_JSON_TYPES = "array, boolean, integer, null, number, object, string"


def check_schema(document: JsonDocument) -> tuple[Schema | None, list[Problem]]:
    """The schema in a document and every rule that it breaks; no schema where it breaks any."""
    too_large = size_problem(document)
    unusable = [too_large] if too_large is not None else value_problems(document)
    if unusable:
        return None, unusable
    schema: Schema = plain(document.value)  # type: ignore[assignment]  # an object stays an object
    problems = list(_shape_problems(document, schema))
    if not problems:
        problems = list(_periscope_problems(document, schema))
        problems += _compile_problems(document, schema)
    if not problems:
        problems = list(_default_problems(document, schema))
    return (None if problems else schema), problems[:MAX_PROBLEMS]


def _shape_problems(document: JsonDocument, schema: Schema) -> Iterator[Problem]:
    if schema.get("type") != "object":
        rule = f'expected "type": "object" at the top level, found {printable(schema.get("type", "no type"))}'
        yield document.problem("SCHEMA_NOT_OBJECT", ("type",), rule, 'Add "type": "object".')
    draft = schema.get("$schema", _DRAFT_7[0])
    if not isinstance(draft, str) or draft.removesuffix("#") not in _DRAFT_7:
        rule = f"expected JSON Schema, Draft 7, found {printable(draft)}"
        yield document.problem(
            "SCHEMA_DRAFT", ("$schema",), rule, f'Write "$schema": "{_DRAFT_7[0]}#" or leave it out.'
        )
    yield from _reference_problems(document, schema)
    for count, error in enumerate(meta_validator().iter_errors(schema)):
        if count == MAX_PROBLEMS:
            break
        path = tuple(error.instance_path)
        yield document.problem("SCHEMA_INVALID", path, _meta_rule(path, error), "Mend the keyword.")


def _meta_rule(path: JsonPath, error: jsonschema_rs.ValidationError) -> str:
    found = printable(error.instance)
    if path and path[-1] == "type":
        return f"expected one of {_JSON_TYPES}, or a list of them, found {found}"
    if error.kind.name == "format":
        return f"expected a {error.kind.value}, found {found}"
    return f"JSON Schema says: {shorten(error.message, 160)}"


def _reference_problems(document: JsonDocument, schema: Schema) -> Iterator[Problem]:
    everything = list(subschemas(schema))
    known = {id(each) for _, each in everything}
    broken = False
    for path, each in everything:
        if path and "$id" in each:
            broken = True
            rule = "expected no $id below the top level, where it would change what references mean"
            yield document.problem("SCHEMA_REFERENCE", (*path, "$id"), rule, "Remove it.")
        found = reference_problem(schema, each["$ref"], known) if "$ref" in each else None
        if found is not None:
            broken = True
            mend = "Put what it should refer to under definitions in this file."
            yield document.problem("SCHEMA_REFERENCE", (*path, "$ref"), found, mend)
    found = None if broken else expansion_problem(schema)
    if found is not None:
        code = "SCHEMA_REFERENCE" if "comes back" in found else "SCHEMA_TOO_LARGE"
        yield document.problem(code, (), found, "Write out what the references stand for.")


def _compile_problems(document: JsonDocument, schema: Schema) -> list[Problem]:
    try:
        validator_for(schema)
    except jsonschema_rs.ValidationError as error:
        rule = f"can't be used: {shorten(error.message, 160)}"
        return [document.problem("SCHEMA_INVALID", tuple(error.instance_path), rule, "Simplify the keyword.")]
    except ValueError as error:
        return [document.problem("SCHEMA_INVALID", (), f"can't be used: {shorten(str(error), 160)}", "Simplify it.")]
    return []


def property_names(schema: Schema) -> list[str]:
    """The names of the parameters, in the order in which the schema lists them."""
    properties = schema.get("properties")
    return list(properties) if isinstance(properties, dict) else []


def periscope_type(declared: Schema | None) -> str | None:
    """`symbol`, `bar_time_span` or None: what a parameter is declared as beyond JSON's own types."""
    kind = declared.get(TYPE_KEYWORD) if declared is not None else None
    return kind if isinstance(kind, str) else None


def canonical(declared: Schema | None, value: object) -> object:
    """A symbol trimmed and in upper case, a time span in lower case; any other value as it is."""
    if not isinstance(value, str):
        return value
    match periscope_type(declared):
        case "symbol":
            return value.strip().upper()
        case "bar_time_span":
            return value.strip().lower()
        case _:
            return value


def choices(declared: Schema) -> list[JSONValue] | None:
    """What `const` or `enum` allow; None where neither stands."""
    if "const" in declared:
        return [declared["const"]]
    options = declared.get("enum")
    return options if isinstance(options, list) else None


def as_spelled(declared: Schema | None, value: object) -> object:
    """`value` in the spelling of the schema's `const` or `enum`, where they differ only in case or blanks."""
    if declared is None or periscope_type(declared) is None:
        return value
    wanted = canonical(declared, value)
    return next((each for each in choices(declared) or [] if canonical(declared, each) == wanted), wanted)


def property_pointer(key: str) -> str:
    """The reference to a top-level property."""
    return "#/properties/" + key.replace("~", "~0").replace("/", "~1").replace("%", "%25")


def _default_problems(document: JsonDocument, schema: Schema) -> Iterator[Problem]:
    """Defaults that break the rules of their own property; all are looked at by one validator."""
    declared = {key: found for key in property_names(schema) if (found := declaration(schema, key)) is not None}
    defaults = {key: as_spelled(each, each["default"]) for key, each in declared.items() if "default" in each}
    only_these: JSONValue = {"properties": {key: {"$ref": property_pointer(key)} for key in defaults}}
    validator = validator_for({**schema, _DEFAULTS: only_these, "$ref": f"#/{_DEFAULTS}"})
    wrong: dict[str, str] = {}
    try:
        for error in errors_of(validator, schema, defaults):
            wrong.setdefault(str(error.instance_path[0]), error.message)
    except TooCostlyError as refusal:
        yield document.problem("SCHEMA_DEFAULT", ("properties",), f"expected less: {refusal}", "Shorten the defaults.")
    for key, message in wrong.items():
        rule = f"expected a default that is valid itself: {shorten(message, 160)}"
        yield document.problem("SCHEMA_DEFAULT", ("properties", key, "default"), rule, "Change the default.")


def _periscope_problems(document: JsonDocument, schema: Schema) -> Iterator[Problem]:
    allowed = _parameter_schemas(schema)
    for path, each in subschemas(schema):
        for keyword in [name for name in each if name.startswith("x-periscope-")]:
            rule, mend = None, ""
            if keyword not in {TYPE_KEYWORD, ASSET_TYPE_KEYWORD}:
                near = difflib.get_close_matches(keyword, [TYPE_KEYWORD, ASSET_TYPE_KEYWORD], 1, 0)[0]
                rule, mend = (
                    f"expected {TYPE_KEYWORD} or {ASSET_TYPE_KEYWORD}, found {printable(keyword)}",
                    f"Write {near}.",
                )
            elif id(each) not in allowed:
                rule = "expected this keyword only on a property of the top level, where the extractors look for it"
                mend = "Make the parameter a property of the top level."
            if rule is not None:
                yield document.problem("SCHEMA_PERISCOPE_TYPE", (*path, keyword), rule, mend)
    for key in property_names(schema):
        declared = declaration(schema, key)
        if declared is not None:
            for keyword, rule, mend in _kind_faults(declared):
                yield document.problem("SCHEMA_PERISCOPE_TYPE", ("properties", key, keyword), rule, mend)


def _parameter_schemas(schema: Schema) -> set[int]:
    """The ids of the schemas that declare a parameter: top-level properties and what they refer to."""
    found: set[int] = set()
    properties = schema.get("properties")
    for each in properties.values() if isinstance(properties, dict) else []:
        current: JSONValue = each
        for _ in range(MAX_REFERENCES):
            if not isinstance(current, dict):
                break
            found.add(id(current))
            reference = current.get("$ref")
            current = resolve(schema, reference) if isinstance(reference, str) else None
    return found


def _kind_faults(declared: Schema) -> Iterator[tuple[str, str, str]]:
    """Keyword, rule and mend of each fault in how a parameter is declared as a symbol or a bar time span."""
    kind, asset = declared.get(TYPE_KEYWORD), declared.get(ASSET_TYPE_KEYWORD)
    if TYPE_KEYWORD in declared and kind not in (SYMBOL, BAR_TIME_SPAN):
        yield TYPE_KEYWORD, f'expected "symbol" or "bar_time_span", found {printable(kind)}', "Write one of the two."
    if kind == SYMBOL:
        if asset not in SYMBOL_ASSET_TYPES:
            found = printable(asset) if ASSET_TYPE_KEYWORD in declared else "none"
            rule = f'expected "{ASSET_TYPE_KEYWORD}": "EQUITY" or "FUTURE", found {found}'
            yield ASSET_TYPE_KEYWORD, rule, f'Add "{ASSET_TYPE_KEYWORD}": "EQUITY".'
        if declared.get("type") != "string":
            yield "type", 'expected a symbol to have "type": "string"', 'Add "type": "string".'
    elif ASSET_TYPE_KEYWORD in declared:
        rule = f'expected this keyword only beside "{TYPE_KEYWORD}": "symbol"'
        yield ASSET_TYPE_KEYWORD, rule, f'Add "{TYPE_KEYWORD}": "symbol" or remove it.'
    if kind == BAR_TIME_SPAN:
        yield from _span_faults(declared)


def _span_faults(declared: Schema) -> Iterator[tuple[str, str, str]]:
    spans = [span.value for span in BarTimeSpan]
    options = choices(declared)
    if options is None:
        rule = "expected a const or an enum out of " + ", ".join(spans) + ", found neither"
        yield TYPE_KEYWORD, rule, 'Add "enum": ["minute", "day"] with the spans that the strategy can work with.'
    for each in options or []:
        if not isinstance(each, str) or each.strip().lower() not in spans:
            keyword = "const" if "const" in declared else "enum"
            yield keyword, f"expected one of {', '.join(spans)}, found {printable(each)}", "Remove it or write another."
    if declared.get("type", "string") != "string":
        yield "type", 'expected a bar time span to have "type": "string"', 'Write "type": "string" or leave it out.'
