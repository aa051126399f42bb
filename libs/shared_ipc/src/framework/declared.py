"""Looks up how a schema declares a parameter."""

from libs.common_types.src.types import JSONValue

MAX_REFERENCES = 32
"""How many local references are followed from one property before the chain counts as a loop."""

TYPE_KEYWORD = "x-periscope-type"
ASSET_TYPE_KEYWORD = "x-periscope-asset-type"


def declaration(schema: dict[str, JSONValue], key: str) -> dict[str, JSONValue] | None:
    """The top-level property `key` with its local references followed; None if the schema has no such property.

    Keywords that stand beside a `$ref` count before those of its target. A reference that leads nowhere is ignored.
    """
    properties = schema.get("properties")
    found = properties.get(key) if isinstance(properties, dict) else None
    if not isinstance(found, dict):
        return None
    merged = dict(found)
    for _ in range(MAX_REFERENCES):
        reference = merged.pop("$ref", None)
        if not isinstance(reference, str):
            break
        target = resolve(schema, reference)
        if isinstance(target, dict):
            merged = {**target, **merged}
    return merged


def resolve(schema: dict[str, JSONValue], reference: str) -> JSONValue:
    """What a local reference such as `#/definitions/ticker` points at; None if nothing."""
    if not reference.startswith("#"):
        return None
    if "%" in reference:
        from urllib.parse import unquote  # rare, and slow to import

        reference = unquote(reference)
    place: JSONValue = schema
    for part in reference[1:].split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place, dict):
            place = place.get(name)
        elif isinstance(place, list) and name.isdecimal() and int(name) < len(place):
            place = place[int(name)]
        else:
            return None
    return place
