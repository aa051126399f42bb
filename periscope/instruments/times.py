"""Times as people and documents read them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def time_text(moment: int) -> str:
    """Microseconds since 1970-01-01 UTC as RFC 3339 with `Z`; fractions only where there are any."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat().replace("+00:00", "Z")
