"""Decimal text to scaled integers, in bulk and without a float anywhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from periscope.market.columns import IntColumn, Mask

MOST_DECIMALS = 12
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
LARGEST = 10**18 - 1
"""The largest integer of a price or volume column."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Columns of numbers x 10**scale; where `ok` is false the text was no number that fits and the value is 0."""

    scale: int
    values: tuple[IntColumn, ...]
    ok: tuple[Mask, ...]


def numbers(
    columns: Sequence[pl.Series], *, at_least: int = 0, most: int = MOST_DECIMALS, exponents: bool = True
) -> Numbers:
    """Text columns as integers at the smallest common scale, not below `at_least`, that holds every one exactly.

    A number with more than `most` decimals (trailing zeros not counted), or beyond 18 digits at that scale, does not
    fit. Blanks around a number, a plus sign and exponents are understood; no thousands separators, NaN or infinity.
    `exponents` may be false where the text is known to hold none: looking for them takes time.
    """
    texts = [_written_out(column) for column in columns] if exponents else list(columns)
    longest = _longest_fractions(texts)
    decimals = max(longest, default=0)
    if decimals > most:
        texts = [text.str.strip_chars() for text in texts]
        decimals = min(max(_longest_fractions([_without_zeros(text) for text in texts]), default=0), most)
    scale = max(decimals, at_least)
    parsed = [
        _checked(text, integers, scale, fraction)
        for text, integers, fraction in zip(texts, _scaled(texts, scale), longest, strict=True)
    ]
    values, scale = shortened([value for value, _ in parsed], scale, at_least=at_least)
    return Numbers(scale, tuple(values), tuple(ok for _, ok in parsed))


def shortened(values: Sequence[IntColumn], scale: int, *, at_least: int = 0) -> tuple[list[IntColumn], int]:
    """Scaled integers at the smallest scale, not below `at_least`, that holds them all; and that scale."""
    values = list(values)
    while scale > at_least and all(_ends_in_zero(value) for value in values):
        scale -= 1
        values = [value // 10 for value in values]
    return values, scale


def empty(column: pl.Series) -> Mask:
    """Which rows hold nothing or only blanks."""
    return (column.is_null() | (column.str.strip_chars() == "")).to_numpy()


def _scaled(texts: Sequence[pl.Series], scale: int) -> list[pl.Series]:
    """Text columns as integers of up to 128 bits, null where the text is no number; all at once, in parallel."""
    return _frame(texts).select(pl.all().cast(pl.Decimal(38, scale), strict=False).to_physical()).get_columns()


def _checked(text: pl.Series, integers: pl.Series, scale: int, longest_fraction: int) -> tuple[IntColumn, Mask]:
    """Integers of 64 bits and which ones stand for their text exactly; the others are 0."""
    if integers.null_count() > text.null_count():
        # Blanks around numbers are rare: look for them only where something could not be read.
        text = text.str.strip_chars()
        integers = _scaled([text], scale)[0]
    if longest_fraction > scale:
        too_fine = text.str.contains(rf"\.\d{{{scale}}}\d*[1-9]").fill_null(value=False)
        integers = integers.zip_with(~too_fine, pl.Series([None], dtype=integers.dtype))
    lowest, highest = integers.min(), integers.max()
    if isinstance(lowest, int) and isinstance(highest, int) and max(-lowest, highest) > LARGEST:
        integers = integers.zip_with(integers.abs() <= LARGEST, pl.Series([None], dtype=integers.dtype))
    if integers.null_count() == 0:
        return integers.cast(pl.Int64).to_numpy(), np.ones(len(text), dtype=np.bool_)
    return integers.fill_null(0).cast(pl.Int64).to_numpy(), integers.is_not_null().to_numpy()


def _ends_in_zero(values: IntColumn) -> bool:
    """Whether all are multiples of ten; the first ones nearly always tell."""
    return not bool(np.any(values[:64] % 10)) and not bool(np.any(values % 10))


def _longest_fractions(texts: Sequence[pl.Series]) -> list[int]:
    """The most characters after a point in each column."""
    frame = _frame(texts)
    after = frame.select(
        (pl.col(name).str.len_bytes() - pl.col(name).str.find(".", literal=True)).max() for name in frame.columns
    )
    return [int(most) - 1 if isinstance(most, int) else 0 for most in (after.row(0) if texts else ())]


def _frame(texts: Sequence[pl.Series]) -> pl.DataFrame:
    return pl.DataFrame([text.alias(str(place)) for place, text in enumerate(texts)])


def _without_zeros(text: pl.Series) -> pl.Series:
    """Numbers without trailing zeros; what is no number becomes null."""
    return text.str.extract(r"^([+-]?\d*(?:\.\d*[1-9])?)(?:\.?0*)$")


def _written_out(text: pl.Series) -> pl.Series:
    """The text with exponents written out."""
    # The plain substring searches are the fast ones, and nearly no file has exponents.
    if not any(text.str.contains(mark, literal=True).any() for mark in ("e", "E")):
        return text
    return pl.Series(text.name, [_without_exponent(value) for value in text.to_list()], dtype=pl.String)


def _without_exponent(value: str | None) -> str | None:
    if value is None or not _NUMBER.fullmatch(value.strip()):
        return value
    return f"{Decimal(value.strip()):f}"
