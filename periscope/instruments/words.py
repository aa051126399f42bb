"""Words of sentences for the user: numbers with their nouns, and other names for places."""

from collections.abc import Mapping


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, in the plural where it is one: `no rows`, `1 row`, `1,200 rows`, `2 series`."""
    form = noun if number == 1 else plural if plural is not None else f"{noun}s"
    return f"{f'{number:,}' if number else 'no'} {form}"


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A text in which places of this machine are called as others call them; the names count in their order."""
    for place, name in names.items():
        text = text.replace(place, name)
    return text
