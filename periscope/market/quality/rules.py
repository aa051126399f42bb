"""Every code that a check of bars can find: how much it matters, what it means, and what to do."""

from dataclasses import dataclass
from enum import Enum

from periscope.market.importers.findings import REMARKS, UNUSABLE


class Severity(Enum):
    """How much a finding matters."""

    PROBLEM = "problem"
    """Results made from these bars may be wrong: the check fails with exit code 5."""

    NOTE = "note"
    """Good to know; the check passes."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One code: what `count` counts, what was found, and what to do about it."""

    severity: Severity
    counts: str
    what: str
    mend: str

    def counted(self, count: int) -> str:
        """A count in words: 1 bar, 12 sessions."""
        return f"{count:,} {self.counts if count != 1 else self.counts.removesuffix('s')}"


def _problem(counts: str, what: str, mend: str) -> Rule:
    return Rule(Severity.PROBLEM, counts, what, mend)


def _note(counts: str, what: str, mend: str) -> Rule:
    return Rule(Severity.NOTE, counts, what, mend)


RULES: dict[str, Rule] = {
    "BAD_PRICE": _problem("bars", UNUSABLE["BAD_PRICE"], "import these bars again from a better source with --replace"),
    "BAD_OHLC": _problem("bars", UNUSABLE["BAD_OHLC"], "import these bars again from a better source with --replace"),
    "DUPLICATE_BAR": _problem("bars", UNUSABLE["DUPLICATE_BAR"], "keep one of the two in the file"),
    "OUT_OF_ORDER": _problem("bars", UNUSABLE["OUT_OF_ORDER"], "sort the file by time"),
    "OVERLAP": _problem(
        "bars", UNUSABLE["OVERLAP"], "look whether two sources, or bars of two lengths, were put together"
    ),
    "NEGATIVE_PRICE": _problem(
        "bars",
        "a future's price is zero or below: real for crude oil on 2020-04-20, else a value that is missing",
        "compare with the exchange's prices; accept the code if they are real",
    ),
    "CROSSED_QUOTE": _problem(
        "bars",
        "a quote bar ends with the bid above the ask",
        "compare with another source: fills at such quotes would cost less than nothing",
    ),
    "WRONG_TIME_ZONE": _problem(
        "bars",
        "the bars lie beside the sessions, and would lie in them if shifted by whole hours",
        "import again with the right --tz; a shift in one half of the year only means stamps without daylight saving",
    ),
    "END_STAMPED": _problem(
        "sessions",
        "a bar begins at the close and none at the open, as if stamps were the ends of the bars",
        "import again with --stamp end",
    ),
    "MISALIGNED_STAMPS": _problem(
        "bars",
        "a bar begins beside its span's mark in exchange time, and not at a session's open",
        "look at the vendor's definition of a stamp; give --span if the bars are of another length",
    ),
    "OUTSIDE_SESSIONS": _problem(
        "bars",
        REMARKS["OUTSIDE_SESSIONS"],
        "check --exchange and --tz of the import; bars on a holiday are often a vendor's filling",
    ),
    "TWO_DAY_BARS": _problem(
        "trading days",
        "a trading day is cut into more than one DAY bar, such as Sunday evening and Monday",
        "a run sees both, one after the other; join them in the file, or make day bars from finer ones",
    ),
    "MISSING_DAYS": _problem(
        "trading days",
        "whole trading days have no bar",
        "import the missing days, or know why there are none",
    ),
    "MISSING_BARS": _problem(
        "sessions",
        "a stretch within a session has no bars, far longer than this series' usual quiet ones",
        "import the missing hours, or compare with another source",
    ),
    "LATE_START": _problem(
        "sessions",
        "a session's first bar comes long after the open, later than this series' usual",
        "look whether the exchange opened late that day, else import the missing hours",
    ),
    "EARLY_END": _problem(
        "sessions",
        "a session's last bar ends long before the close, earlier than this series' usual",
        "look whether the exchange closed early that day, else import the missing hours",
    ),
    "SPIKE": _problem(
        "bars",
        "a price far beyond those of the bars before and after, which agree with each other",
        "compare with another source; replace the bar if the print was cancelled",
    ),
    "STALE_RUN": _problem(
        "bars",
        "the same prices and volume again and again",
        "look whether the feed hung or the vendor filled in bars; leave such bars out",
    ),
    "VOLUME_HOLE": _problem(
        "bars",
        "bars without volume between bars with volume",
        "a bar without trades should be absent; import the volumes, or leave such bars out",
    ),
    "SPLIT_LIKE_JUMP": _problem(
        "sessions",
        "the price is multiplied by a round ratio over night, and no split is known",
        "import the splits, or look whether the file changes between raw and adjusted prices",
    ),
    "QUIET_DAYS": _note(
        "trading days", "trading days have no bar, but their neighbours have hardly any trades either", "nothing"
    ),
    "MISSING_SIDE": _note(
        "bars", REMARKS["MISSING_SIDE"], "nothing, where the market was one-sided; a fill needs the side that it takes"
    ),
    "OFF_TICK": _note("bars", REMARKS["OFF_TICK"], "check --tick; adjusted prices lie between ticks"),
    "EXTENDED_HOURS": _note("bars", REMARKS["EXTENDED_HOURS"], "nothing; core.hours chooses what a run sees"),
    "UNKNOWN_VOLUME": _note(
        "bars", "no bar of the series has a volume", "nothing; fills that depend on volume can't be limited"
    ),
    "NO_SESSIONS": _note(
        "bars",
        "the exchange's sessions are not known at these times: nothing was compared with them",
        "give the right --exchange; docs/data-catalog.md lists the days that are covered",
    ),
}
"""By code. The codes that `importers.findings` has too are found by the importers' own rules."""
