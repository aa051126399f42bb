"""How numbers and times are written on the page."""

import pytest

from periscope.portfolio.statistics_definitions import Unit
from periscope.report import text

STATISTICS = [
    (None, Unit.RATIO, "–"),
    (0.12345, Unit.FRACTION, "12.35%"),
    (-0.5, Unit.FRACTION, "−50.00%"),
    (1234.5, Unit.RATIO, "1,234.50"),
    ("-1234.567", Unit.MONEY, "−1,234.57"),
    (1234, Unit.COUNT, "1,234"),
    (2.04, Unit.DAYS, "2.0 days"),
    ("2024-01-05T14:30:00.5Z", Unit.TIME, "2024-01-05 14:30"),
]


@pytest.mark.parametrize(("value", "unit", "shown"), STATISTICS)
def test_a_statistic_is_written_by_its_unit(value: object, unit: Unit, shown: str) -> None:
    assert text.statistic(value, unit) == shown


DECIMALS = [
    (None, 0, "–"),
    ("12345678901234567890.10", 0, "12,345,678,901,234,567,890.10"),
    ("177", 2, "177.00"),
    ("0.00001234", 2, "0.00001234"),
    ("-3", 0, "−3"),
    ("1E+3", 2, "1,000.00"),
    ("many", 2, "many"),
]


@pytest.mark.parametrize(("value", "at_least", "shown"), DECIMALS)
def test_a_decimal_keeps_every_digit(value: object, at_least: int, shown: str) -> None:
    assert text.decimal(value, at_least=at_least) == shown


@pytest.mark.parametrize(
    ("value", "tone"), [("1", "gain"), (-0.5, "loss"), ("0.00", None), (None, None), ("NaN", None)]
)
def test_the_tone_follows_the_sign(value: object, tone: str | None) -> None:
    assert text.tone(value) == tone
