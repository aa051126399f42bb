"""What an import has to say about its input: findings with a code, a place and a count; and the refusal."""

import errno
from collections import Counter
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from periscope.instruments.words import counted
from periscope.market.columns import IntColumn

EXAMPLES = 20
"""How many unusable rows are kept in words; all are counted."""

EXAMPLES_OF_REMARK = 3
"""How many bars are kept in words for each code that keeps its bars."""

UNUSABLE = {
    "MALFORMED_ROW": "a row has the wrong number of fields, or a field that is no number",
    "BAD_TIME": "a time stamp can't be read in the file's format, or the clock never or twice showed it",
    "BAD_OHLC": "the high is below, or the low above, another price of the bar",
    "BAD_PRICE": "a price is missing, not finite, too long, or not positive where it must be",
    "BAD_VOLUME": "a volume is negative, not finite or too long",
    "DUPLICATE_BAR": "two rows are bars of the same start",
    "OUT_OF_ORDER": "a row is older than the one before it",
    "NO_QUOTE": "a quote row has neither a bid nor an ask",
    "UNKNOWN_SYMBOL": "a record does not say which symbol it is of",
    "OVERLAP": "a bar begins before the one before it has ended",
}
"""Findings about rows that cannot become bars. Any of them refuses the file unless bad rows are to be skipped."""

REMARKS = {
    "EXTENDED_HOURS": "bars outside the regular sessions: stored; only runs with extended hours see them",
    "OUTSIDE_SESSIONS": "bars when the exchange is closed: stored; no run sees them",
    "OFF_TICK": "bars with a price between two ticks of the instrument",
    "UNKNOWN_VOLUME": "bars whose volume the file does not tell",
    "MISSING_SIDE": "quote bars without a bid, or without an ask",
    "CROSSED_QUOTE": "quote bars that end with the bid above the ask: stored as they are",
    "ADJUSTED_IGNORED": "a column of adjusted prices: left alone, prices are stored as traded",
    "ADJUSTED_PRICES": "the file's own prices are adjusted for splits or dividends: stored as they are",
    "UTC_DAYS": "daily bars that cover UTC days, not trading days: stored as bars of the trading day of that date",
    "OTHER_TICKER": "rows under a ticker that no instrument had on their date, by LEAN's map files: left out",
    "FLOAT_PRICES": "prices or volumes that the file holds as binary floats: each is taken by its shortest decimal",
}
"""Findings that refuse nothing: about bars that are stored all the same, rows of no instrument, the file as a whole."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: the code, the file and its line (None where the format has none), and what it is in words."""

    code: str
    file: str
    line: int | None
    message: str

    @property
    def place(self) -> str:
        """The file, with the line where there is one."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message} [{self.code}]"


@dataclass(slots=True)
class Findings:
    """All findings of an import: counted by code, the first ones kept in words."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[Finding] = field(default_factory=list)

    def add(self, code: str, file: str, line: int | None, message: str) -> None:
        """Count one finding."""
        self.add_rows(code, file, [line], lambda _: message)

    def add_rows(
        self, code: str, file: str, lines: Iterable[int | None] | IntColumn, describe: Callable[[int], str]
    ) -> None:
        """Count one finding per line; `describe(i)` words the i-th, and is called for few."""
        assert code in UNUSABLE or code in REMARKS, code
        rest = iter(lines)
        shown = 0
        for line in islice(rest, self._room(code)):
            self.examples.append(Finding(code, file, None if line is None else int(line), describe(shown)))
            shown += 1
        more = len(lines) - shown if isinstance(lines, Sized) else sum(1 for _ in rest)
        if shown + more > 0:
            self.counts[code] += shown + more

    def take(self, others: "Findings") -> None:
        """Add the findings about a later part of the same input."""
        for found in others.examples:
            if self._room(found.code) > 0:
                self.examples.append(found)
            self.counts[found.code] += 1
        shown = Counter(found.code for found in others.examples)
        self.counts.update({code: count - shown[code] for code, count in others.counts.items()})

    def _room(self, code: str) -> int:
        """How many more findings of a code are kept in words."""
        if code in REMARKS:
            return max(EXAMPLES_OF_REMARK - self.counts[code], 0)
        return max(EXAMPLES - self.unusable, 0)

    @property
    def unusable(self) -> int:
        """How many rows cannot become bars."""
        return sum(count for code, count in self.counts.items() if code in UNUSABLE)


class ImportProblem(Exception):  # noqa: N818 - the name that the command line and its users know
    """An import that was refused; nothing was written, except by a LEAN folder's series that came before or were whole.

    `code` is stable, `exit_code` is that of the command line (5 data, 2 usage, 6 not found), `findings` are the rows
    that caused it where rows did.
    """

    def __init__(self, code: str, message: str, *, exit_code: int = 5, findings: Findings | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.exit_code = exit_code
        self.findings = findings

    @property
    def rows_at_fault(self) -> list[Finding]:
        """The rows that caused it, as far as they are kept in words; a last finding, MORE, counts the others."""
        if self.findings is None:
            return []
        rows = [each for each in self.findings.examples if each.code in UNUSABLE]
        more = self.findings.unusable - len(rows)
        return [*rows, Finding("MORE", "", None, f"and {more} more")] if more > 0 else rows


def is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust gave up on its input: PyO3 raises that beside all other exceptions."""
    return type(error).__name__ == "PanicException"


def no_room(error: BaseException) -> bool:
    """Whether the disk, or the user's share of it, is full."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}


def refuse_unusable(findings: Findings, path: Path, outcome: str = "nothing was imported") -> None:
    """Raise `ImportProblem` with the first findings in words if any row cannot become a bar; `outcome` is of these."""
    if findings.unusable == 0:
        return
    counts = ", ".join(f"{count} {code}" for code, count in sorted(findings.counts.items()) if code in UNUSABLE)
    examples = [f"  {finding}" for finding in findings.examples if finding.code in UNUSABLE]
    more = findings.unusable - len(examples)
    tail = [f"  … and {more} more"] if more > 0 else []
    code = next(finding.code for finding in findings.examples if finding.code in UNUSABLE)
    raise ImportProblem(
        code if len([key for key in findings.counts if key in UNUSABLE]) == 1 else "BAD_ROWS",
        "\n".join(
            [
                f"{counted(findings.unusable, 'row')} of {path} can't become bars ({counts}); {outcome}.",
                *examples,
                *tail,
                "Mend the file, or import the other rows with --skip-bad-rows.",
            ]
        ),
        findings=findings,
    )
