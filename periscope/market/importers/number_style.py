"""How a file writes its numbers: a point or a comma before the decimals, and what stands between thousands."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from periscope.market.importers.findings import ImportProblem

_BETWEEN = "[' \u00a0\u202f]"
_DIGITS = r"[+-]?\d{1,3}"


def _grouped(separator: str, point: str) -> str:
    """A number with that separator between groups of three digits, at least once."""
    return rf"^\s*{_DIGITS}(?:{separator}\d{{3}})+(?:{point}\d*)?\s*$"


_STYLES = {
    ".": (_grouped(",", r"\."), *(_grouped(space, r"\.") for space in "' \u00a0\u202f")),
    ",": (_grouped(r"\.", ","), *(_grouped(space, ",") for space in "' \u00a0\u202f")),
}
_SURE = {
    ".": r"(?:,\d{3}\.)|(?:,\d{3},)|(?:^\s*[+-]?\d*\.(?:\d{1,2}|\d{4,})\s*$)|(?:^\s*[+-]?0?\.)",
    ",": r"(?:\.\d{3},)|(?:\.\d{3}\.)|(?:^\s*[+-]?\d*,(?:\d{1,2}|\d{4,})\s*$)|(?:^\s*[+-]?0?,)",
}
_PLAIN_COMMA = r"^\s*[+-]?(?:\d+,?\d*|,\d+)\s*$"


class NumberStyle:
    """The style of one file's numbers, found out when a number is met that is not plain, and kept from then on.

    `decimal` is "." or "," if the user said which, else None.
    """

    def __init__(self, path: Path, decimal: str | None = None) -> None:
        self._path = path
        self._decimal = decimal

    @property
    def comma(self) -> bool:
        """Whether a comma stands before the decimals."""
        return self._decimal == ","

    def plain(self, columns: Sequence[pl.Series]) -> list[pl.Series]:
        """The columns with a point before the decimals and nothing between thousands; null where a number isn't one.

        Raises `ImportProblem` AMBIGUOUS_NUMBERS where 1,234 may be one or a thousand (exit code 2).
        """
        if self._decimal is None:
            self._decimal = self._seen(columns)
        return [_plain(column, self._decimal or ".") for column in columns]

    def _seen(self, columns: Sequence[pl.Series]) -> str | None:
        with_comma = [column.filter(column.str.contains(",", literal=True)) for column in columns]
        if all(len(column) == 0 for column in with_comma):
            return None
        point, comma = (sum(int(column.str.contains(_SURE[mark]).sum()) for column in columns) for mark in ".,")
        if point != comma:
            return "." if point > comma else ","
        example = next(column[0] for column in with_comma if len(column) > 0)
        raise ImportProblem(
            "AMBIGUOUS_NUMBERS",
            f"{self._path}: {example[:40]!r} may be a thousand or have decimals after the comma; say which with"
            " --decimal point or --decimal comma",
            exit_code=2,
        )


def _plain(column: pl.Series, decimal: str) -> pl.Series:
    grouped = pl.any_horizontal(pl.col("text").str.contains(pattern) for pattern in _STYLES[decimal])
    digits = pl.col("text").str.replace_all(_BETWEEN, "")
    if decimal == ".":
        text = pl.when(grouped).then(digits.str.replace_all(",", "", literal=True)).otherwise(pl.col("text"))
    else:
        whole = digits.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
        alone = pl.col("text").str.contains(_PLAIN_COMMA)
        text = pl.when(grouped | alone).then(whole)
    return column.alias("text").to_frame().select(text.alias(column.name)).to_series()
