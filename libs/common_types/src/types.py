"""Types that are shared by everything that speaks JSON."""

type JSONValue = bool | int | float | str | list[JSONValue] | dict[str, JSONValue] | None
"""Any value that a JSON document can hold."""
