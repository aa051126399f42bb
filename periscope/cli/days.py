"""The options `--from` and `--to`: days, both included."""

from datetime import date, datetime

import typer


def days_of(since: datetime | None, until: datetime | None) -> tuple[date | None, date | None]:
    """The days that two options name. Raises `BadParameter` where the last is before the first."""
    days = (None if since is None else since.date(), None if until is None else until.date())
    require_order(*days)
    return days


def require_order(first: date | None, last: date | None) -> None:
    """Raise `BadParameter` where the last day is before the first."""
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"--to {last} is before --from {first}")
