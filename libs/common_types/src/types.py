"""Types that are shared by everything that speaks JSON."""

type JSONValue = None | bool | int | float | str | list[JSONValue] | dict[str, JSONValue]
"""Any value that a JSON document can hold."""
