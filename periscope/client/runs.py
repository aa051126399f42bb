"""Runs from new to deleted."""

from collections.abc import Iterator
from typing import Any

from periscope.client.group import at
from periscope.client.results import ResultCalls
from periscope.client.types import Page, Run, RunLine


class RunCalls(ResultCalls):
    """Runs: listing, creating, and every move. Each change answers with the run as it then is.

    `key` is an idempotency key of your own: the same call with the same key, within 24 hours, is done once, even if two
    programs make it. Without one, each call has a new key, so that only its own repetitions are harmless.
    """

    def list(
        self,
        *,
        status: str | None = None,
        strategy: str | None = None,
        before: int | None = None,
        limit: int | None = None,
    ) -> Iterator[RunLine]:
        """Runs, the newest first; with `before` only those of smaller numbers."""
        wanted = {"status": status, "strategy": strategy, "before": before}
        return self._pages(Page[RunLine], "runs", wanted, limit=limit)

    def get(self, run: int) -> Run:
        """One run: status, config, progress, and what came of it."""
        return self._transport.ask(Run, "GET", at("runs", run))

    def create(self, version: str, config: dict[str, Any] | None = None, *, key: str | None = None) -> Run:
        """A new run of a version (NAME@NUMBER, or NAME for the newest) with a config of three sections."""
        body = {"version": version, "config": config or {}}
        return self._transport.ask(Run, "POST", "runs", json=body, key=key)

    def edit(self, run: int, config: dict[str, Any]) -> Run:
        """Replace the config of a run that is still new."""
        return self._transport.ask(Run, "PATCH", at("runs", run), json={"config": config})

    def delete(self, run: int) -> None:
        """Remove a run that is not active, with all its results."""
        self._transport.ask(type(None), "DELETE", at("runs", run))

    def start(self, run: int, *, key: str | None = None) -> Run:
        """Start a new run; it waits its turn and runs in the background."""
        return self._transport.ask(Run, "POST", at("runs", run, "start"), key=key)

    def stop(self, run: int, *, key: str | None = None) -> Run:
        """Have an active run end gracefully, with what there is of results."""
        return self._transport.ask(Run, "POST", at("runs", run, "stop"), key=key)

    def kill(self, run: int, *, key: str | None = None) -> Run:
        """Have an active run ended at once, without results."""
        return self._transport.ask(Run, "POST", at("runs", run, "kill"), key=key)

    def reset(self, run: int, *, key: str | None = None) -> Run:
        """Put an ended run back to new, and drop its results."""
        return self._transport.ask(Run, "POST", at("runs", run, "reset"), key=key)

    def copy(self, run: int, *, key: str | None = None) -> Run:
        """A new run of the same version with the same config."""
        return self._transport.ask(Run, "POST", at("runs", run, "copy"), key=key)
