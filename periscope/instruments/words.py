"""Numbers with their nouns, as every sentence of a result writes them."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, in the plural where it is one: `no rows`, `1 row`, `1,200 rows`, `2 series`."""
    form = noun if number == 1 else plural if plural is not None else f"{noun}s"
    return f"{f'{number:,}' if number else 'no'} {form}"
