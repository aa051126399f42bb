"""Numbers with their nouns."""

import pytest

from periscope.instruments.words import counted


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "no rows"), (1, "1 row"), (2, "2 rows"), (1_000, "1,000 rows"), (1_000_001, "1,000,001 rows")],
)
def test_a_noun_agrees_with_its_number(number: int, told: str) -> None:
    assert counted(number, "row") == told


def test_a_noun_has_its_own_plural() -> None:
    assert counted(1, "series", "series") == "1 series"
    assert counted(3, "entry", "entries") == "3 entries"
