"""What the words of a case say about the engine's settings; the file has no fields for them."""

import re
from decimal import Decimal

from periscope.portfolio.exact import plain

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_NUMBER = r"(?P<number>\d+(?:\.\d+)?)"
_UNIT = r"[- ]?(?P<unit>second|minute|hour|day)"
_STALE = r"stale(?:[- ]?price)?[- ]?(?:time[- ]?span|window)?"
_BUFFER = r"(?:submission(?:[- ]?time)?[- ]?buffer|on-close[- ]buffer)"
_JOINED = r"\s*(?:is|was|of|to|set to|=|:|-|at|\s)*\s*"
_DURATIONS = {"stale_seconds": _STALE, "close_buffer_seconds": _BUFFER}
_LEVERAGE = (
    rf"leverage{_JOINED}(?:up to\s+)?{_NUMBER}",
    rf"{_NUMBER}\s*(?:x|times|-fold|:\s*1)\s+(?:equity\s+)?leverage",
    rf"SetLeverage\(\s*{_NUMBER}",
)
_CASH_ACCOUNT = re.compile(r"\bcash account\b", re.IGNORECASE)


def settings_of(words: str) -> dict[str, str]:
    """Leverage, stale window and submission buffer, where the words set them apart from LEAN's defaults."""
    found = {}
    for name, what in _DURATIONS.items():
        patterns = (
            rf"{what}{_JOINED}{_NUMBER}{_UNIT}",
            rf"{what}{_JOINED}(?:TimeSpan\.)?From(?P<unit>Second|Minute|Hour|Day)s\(\s*{_NUMBER}",
            rf"{_NUMBER}{_UNIT}s?\s+{what}",
        )
        match = _first(patterns, words)
        if match is not None:
            found[name] = f"{plain(Decimal(match['number']) * _UNITS[match['unit'].lower()]):f}"
    leverage = _first(_LEVERAGE, words)
    if leverage is not None:
        found["leverage"] = f"{plain(Decimal(leverage['number'])):f}"
    elif _CASH_ACCOUNT.search(words) is not None:
        found["leverage"] = "1"
    return found


def _first(patterns: tuple[str, ...], words: str) -> re.Match[str] | None:
    matches = (re.search(pattern, words, re.IGNORECASE) for pattern in patterns)
    return next((match for match in matches if match is not None), None)
