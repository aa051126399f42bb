"""What `core.profile` stands for: a named set of values for other keys, and which of them may be set beside it."""

from collections.abc import Mapping
from typing import Any

LEAN_DEFAULTS: Mapping[str, Any] = {
    "fill_model": "lean",
    "fees": "lean",
    "account": "lean",
    "adjustment": "lean_adjusted",
    "price_rounding": "futures_nearest",
}
"""The profile `lean`: rules of QuantConnect LEAN as models of ours; docs/lean-profile.md says which is which."""

_LEAN_ONLY: Mapping[str, frozenset[str]] = {
    "fill_model": frozenset({"lean"}),
    "account": frozenset({"lean"}),
    "adjustment": frozenset({"lean_adjusted", "lean_raw"}),
    "price_rounding": frozenset({"nearest", "futures_nearest"}),
}
"""Values that only the profile has; an effective config that is read again has them written out."""

_LEAN_FIXED = frozenset({"fill_model", "limit_fill", "intrabar", "price_rounding"})
"""Keys that are the profile itself: no other value can be set beside it."""


def profile_values(*, lean: bool) -> Mapping[str, Any]:
    """The values that a profile has in place of the defaults."""
    return LEAN_DEFAULTS if lean else {}


def is_profiles_own(path: str, value: Any) -> bool:
    """Whether a key has a value that only the profile `lean` knows."""
    return isinstance(value, str) and value in _LEAN_ONLY.get(path, frozenset())


def is_fixed(path: str) -> bool:
    """Whether the profile `lean` lets nobody set a key."""
    return path in _LEAN_FIXED


def finish_lean(core: dict[str, Any]) -> str | None:
    """Adapt the values that follow from others in the profile `lean`; returns what can't be, None where all is well."""
    match core["adjustment"]:
        case "raw" | "lean_raw":
            core["adjustment"] = "lean_raw"
            core["price_rounding"] = "nearest"
        case "lean_adjusted":
            pass
        case other:
            return f"the profile lean knows prices adjusted as LEAN does (the default) and raw ones, found {other!r}"
    return None
