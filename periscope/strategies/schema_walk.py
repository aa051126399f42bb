"""Finds the schemas inside a schema, and bounds what following its references can cost."""

from collections.abc import Iterator

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.declared import resolve
from periscope.strategies.problems import JsonPath, shorten

MAX_HEIGHT = 128
MAX_EXPANDED = 5_000

type Schema = dict[str, JSONValue]

_ONE = ("additionalItems", "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
_MANY = ("allOf", "anyOf", "items", "oneOf")
_NAMED = ("$defs", "definitions", "dependencies", "patternProperties", "properties")


def children(schema: Schema) -> Iterator[tuple[JsonPath, Schema]]:
    """The schemas directly inside one, each with its path from there. Draft 7's keywords, and `$defs`."""
    for keyword in _ONE:
        inner = schema.get(keyword)
        if isinstance(inner, dict):
            yield (keyword,), inner
    for keyword in _MANY:
        inner = schema.get(keyword)
        if isinstance(inner, list):
            yield from (((keyword, index), each) for index, each in enumerate(inner) if isinstance(each, dict))
    for keyword in _NAMED:
        inner = schema.get(keyword)
        if isinstance(inner, dict):
            yield from (((keyword, name), each) for name, each in inner.items() if isinstance(each, dict))


def subschemas(schema: Schema) -> Iterator[tuple[JsonPath, Schema]]:
    """The schema and every schema inside it, with paths from the top."""
    waiting: list[tuple[JsonPath, Schema]] = [((), schema)]
    while waiting:
        path, current = waiting.pop()
        yield path, current
        waiting.extend(((*path, *below), inner) for below, inner in children(current))


def reference_problem(root: Schema, reference: JSONValue, known: set[int]) -> str | None:
    """Why a `$ref` can't be followed, None if it can. `known` holds the ids of all schemas inside `root`."""
    if not isinstance(reference, str):
        return f"expected a text such as #/definitions/ticker, found {shorten(repr(reference))}"
    if reference != "#" and not reference.startswith("#/"):
        return f"expected a reference inside this file (#/definitions/…), found {shorten(repr(reference))}"
    target = resolve(root, reference)
    if isinstance(target, bool) or (isinstance(target, dict) and id(target) in known):
        return None
    return f"expected a reference to a schema in this file, found none at {shorten(repr(reference))}"


class _EndlessError(Exception):
    """The schema can't be expanded."""


def expansion_problem(root: Schema) -> str | None:
    """Why following every reference of a schema would not end, or would take too long; None if it is fine.

    Parameters have no need of recursion, and references to references double with each step.
    """
    try:
        size = _expanded(root, root, {}, set(), 0)
    except _EndlessError as refused:
        return str(refused)
    return f"{_TOO_LARGE}, found {size:,}" if size > MAX_EXPANDED else None


_TOO_LARGE = f"expected at most {MAX_EXPANDED:,} schemas once every reference is followed"


def _expanded(root: Schema, schema: Schema, sizes: dict[int, int], open_now: set[int], height: int) -> int:
    known = sizes.get(id(schema))
    if known is not None:
        return known
    if id(schema) in open_now:
        raise _EndlessError("expected references that end, found one that comes back to itself")
    if height > MAX_HEIGHT:
        raise _EndlessError(f"expected at most {MAX_HEIGHT} levels of schemas and references, found more")
    open_now.add(id(schema))
    inner = [each for _, each in children(schema)]
    reference = schema.get("$ref")
    target = resolve(root, reference) if isinstance(reference, str) else None
    if isinstance(target, dict):
        inner.append(target)
    size = 1 + sum(_expanded(root, each, sizes, open_now, height + 1) for each in inner)
    open_now.remove(id(schema))
    sizes[id(schema)] = size
    return size
