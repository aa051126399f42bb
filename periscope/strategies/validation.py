"""Validation at a bounded cost, also where schema and values are made to be costly.

A validator compares, at worst, each value with each part of the schema, and keeps about a kilobyte for each error. So
the work is estimated before it is done: small work gives every error, large work the first one, endless work none.
"""

from collections.abc import Iterable
from functools import cache

import jsonschema_rs

from periscope.strategies.json_text import walk
from periscope.strategies.schema_walk import Schema

_PATTERNS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=1_000_000, dfa_size_limit=1_000_000)
_ALL_ERRORS = 40_000
"""Parts of the schema times values of the config up to which all errors are collected, at most some 60 MB of them."""
_MOST_WORK = 5_000_000
_MOST_MATCHES = 1_000
"""Patterns of the schema times texts of the config; a match gives up after some ten milliseconds."""


class TooCostlyError(Exception):
    """The values can't be validated at a reasonable cost; the text says what there is too much of."""


def validator_for(schema: Schema) -> jsonschema_rs.Draft7Validator:
    """A Draft 7 validator that fetches nothing and gives up on patterns that would not end."""
    return jsonschema_rs.Draft7Validator(schema, retriever=_refuse, pattern_options=_PATTERNS, validate_formats=True)


@cache
def meta_validator() -> jsonschema_rs.Draft7Validator:
    """The validator of schemas themselves."""
    return jsonschema_rs.Draft7Validator(
        {"$ref": "http://json-schema.org/draft-07/schema#"}, retriever=_refuse, validate_formats=True
    )


def errors_of(
    validator: jsonschema_rs.Draft7Validator, schema: Schema, value: object
) -> Iterable[jsonschema_rs.ValidationError]:
    """What is wrong with a value: everything, or the first thing where that may be very much.

    `validator` is of `schema`, or of a part of it. Raises TooCostlyError.
    """
    work = _work(schema, value)
    if work <= _ALL_ERRORS:
        return validator.iter_errors(value)
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as first:
        return [first]
    return []


def _work(schema: Schema, value: object) -> int:
    parts = patterns = 0
    for path, part in walk(schema):
        parts += 1
        patterns += path[-1:] == ("pattern",) and isinstance(part, str)
        patterns += path[-2:-1] == ("patternProperties",)
    values = texts = 0
    for _, each in walk(value):
        values += 1
        texts += len(each) if isinstance(each, dict) else isinstance(each, str)
    if parts * values > _MOST_WORK:
        raise TooCostlyError(f"{values:,} values are too many for a schema of {parts:,} parts")
    if patterns * texts > _MOST_MATCHES:
        raise TooCostlyError(f"{texts:,} texts are too many for a schema with {patterns:,} patterns")
    return parts * values


def _refuse(uri: str) -> dict[str, object]:
    raise ValueError(f"{uri} is not in the file, and nothing is fetched")
