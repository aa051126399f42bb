"""Looks at the runs that somebody follows: once a second at all of them together, however many follow."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from starlette.concurrency import run_in_threadpool

from periscope.runs.documents import run_issues
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import Run
from periscope.runs.store.store import Store
from periscope.server.news import Event, Look, Told, news

LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
LONGEST_SECONDS = 900.0
"""Then a stream ends, and who follows comes again with the id of the last event: tokens end too."""

log = logging.getLogger(__name__)


class Follower:
    """Belongs to the event loop of one server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: Counter[int] = Counter()
        self._looks: dict[int, Look] = {}
        self._gone: set[int] = set()
        self._looked = asyncio.Event()
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    async def follow(self, first: Look, told: Told) -> AsyncGenerator[Event | None]:
        """What is new about a run until it has ended, or is gone; None where nothing was for a while.

        Who does not take what comes keeps nobody waiting: at the next time it gets what is new then.
        """
        number, look = first.run.id, first
        loop = asyncio.get_running_loop()
        over, heard = loop.time() + LONGEST_SECONDS, loop.time()
        newer = self._count + 2  # the look that is being taken now may have begun before the first one
        with self._following(number):
            while True:
                for event in news(told, look):
                    told, heard = event.told, loop.time()
                    yield event
                if not look.run.is_active and look.run.ended_at is not None:
                    return
                await self._next_look(min(heard + HEARTBEAT_SECONDS, over))
                if (number in self._gone and self._count >= newer) or loop.time() >= over:
                    return
                if loop.time() >= heard + HEARTBEAT_SECONDS:
                    heard = loop.time()
                    yield None
                if self._count >= newer:
                    look = self._looks.get(number, look)

    @contextmanager
    def _following(self, number: int) -> Iterator[None]:
        self._followers[number] += 1
        self._gone.discard(number)
        if self._task is None:
            self._task = asyncio.create_task(self._look_on())
        try:
            yield
        finally:
            self._followers[number] -= 1
            if not self._followers[number]:
                del self._followers[number]
                self._looks.pop(number, None)
                self._gone.discard(number)

    async def _next_look(self, until: float) -> None:
        """Wait for the next look, or until a time of the loop."""
        try:
            async with asyncio.timeout_at(until):
                await self._looked.wait()
        except TimeoutError:
            pass

    async def _look_on(self) -> None:
        while self._followers:
            await asyncio.sleep(LOOK_SECONDS)
            numbers = list(self._followers)
            try:
                found = await run_in_threadpool(self._look, numbers) if numbers else {}
            except StoreError as error:
                log.warning("the runs could not be looked at: %s", error)
                continue
            self._looks |= {number: look for number, look in found.items() if number in self._followers}
            self._gone |= {number for number in numbers if number not in found and number in self._followers}
            self._count += 1
            looked, self._looked = self._looked, asyncio.Event()
            looked.set()
        self._task = None

    def _look(self, numbers: list[int]) -> dict[int, Look]:
        return {run.id: look_at(self._store, run) for run in self._store.runs.several(numbers)}


def look_at(store: Store, run: Run) -> Look:
    """A run with its issues so far."""
    return Look(run, run_issues(store, run) if run.queued_at is not None else [])
