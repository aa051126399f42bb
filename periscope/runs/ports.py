"""The two ways in which a run can hold its strategy: in a process of its own, or (for tests) in this one.

Both run the same code of `periscope.sandbox.inside`; here the engine's words meet the sandbox's.
"""

import json
from array import array
from collections.abc import Callable, Sequence
from decimal import Context, localcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework.runtime import install_context
from libs.shared_ipc.src.protocol import Action
from periscope.engine.port import Failure, FrontMonthQuery, Item, Location, Reply, ReplyKind, StreamRow
from periscope.runs.pacing import Pacing
from periscope.sandbox.confinement import Confinement
from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.inside.host import Outcome, StrategyHost
from periscope.sandbox.inside.loading import unload
from periscope.sandbox.launch import start_child
from periscope.sandbox.session import Session, SessionLimits
from periscope.strategies.parameters import config_sentences

type OnLine = Callable[[int | None, str, str], None]


class BundleSource:
    """What a strategy is made from: the bundle's folder, its schema and the run's parameters as JSON, the seed.

    `most_actions` is what a handler may return.
    """

    def __init__(self, folder: Path, schema: bytes, config: bytes, seed: int, most_actions: int = 1_000) -> None:
        self.folder = folder.resolve()
        self.schema = schema
        self.config = config
        self.seed = seed
        self.most_actions = most_actions

    def validate(self, config: dict[str, Any]) -> list[str]:
        """What is wrong with a config that the strategy asks about, a sentence each."""
        schema: dict[str, JSONValue] = json.loads(self.schema)
        return config_sentences(schema, config)


class HostedPort:
    """The strategy in a process of its own."""

    def __init__(
        self, source: BundleSource, limits: SessionLimits, on_line: OnLine, confinement: Confinement | None = None
    ) -> None:
        self._source = source
        asked = confinement or Confinement(source.folder)
        self._session = Session(limits, on_line, source.validate, partial(start_child, asked))
        self._pacing = Pacing(self._session)
        self._position = 0
        self._lost: SandboxFaultError | None = None

    def __enter__(self) -> "HostedPort":
        return self

    def __exit__(self, *_: object) -> None:
        self._pacing.release()
        self._session.close()

    @property
    def tier(self) -> str:
        """How well the process is confined."""
        return str(self._session.tier)

    @property
    def dropped_bytes(self) -> int:
        """Bytes of output that were not kept."""
        return self._session.dropped_bytes

    def start(self, time: int, answer: FrontMonthQuery) -> Reply:
        """Load the bundle, make its Strategy, run `on_start`."""
        source = self._source
        try:
            fault = self._session.launch(source.folder, source.schema, source.config, source.seed)
            return self._reply(fault if fault is not None else self._session.start(time, answer))
        except SandboxFaultError as error:
            return self._broken(error)

    def block(self, columns: npt.NDArray[np.int64], streams: Sequence[StreamRow]) -> None:
        """Send a block."""
        self._position = 0
        try:
            self._session.block(streams, columns.shape[1], columns.astype("<i8", copy=False).tobytes())
        except SandboxFaultError as error:
            self._lost = error

    def go(self, items: Sequence[Item], end: int, dropped: Sequence[int], meanwhile: Callable[[], None]) -> Reply:
        """Deliver a script."""
        if self._lost is not None:
            return self._broken(self._lost)
        try:
            reply = self._reply(self._session.go(items, end, dropped, meanwhile))
        except SandboxFaultError as error:
            return self._broken(error)
        self._pacing.turn(reply.bars_done - self._position)
        self._position = reply.bars_done
        return reply

    def stop(self, time: int) -> Failure | None:
        """Run `on_stop`."""
        try:
            if self._lost is not None:
                raise self._lost
            fault = self._session.stop(time)
        except SandboxFaultError as error:
            return Failure(error.code, error.message, _location(self._source.folder, error.place))
        return None if fault is None else _failure(self._source.folder, fault)

    def _reply(self, said: wire.Fault | tuple[int, int, bool, list[Action]]) -> Reply:
        if isinstance(said, wire.Fault):
            return _failed(self._source.folder, said)
        items, bars, was_bar, actions = said
        return Reply(ReplyKind.ACTED if actions or not items + bars else ReplyKind.DONE, items, bars, was_bar, actions)

    def _broken(self, error: SandboxFaultError) -> Reply:
        items, bars, was_bar = self._session.counts()
        failure = Failure(error.code, error.message, _location(self._source.folder, error.place))
        return Reply(ReplyKind.FAILED, items, bars, was_bar, failure=failure)


class InProcessPort:
    """The same strategy in this process: for tests, and for looking into a strategy with a debugger."""

    tier = "in_process"

    def __init__(self, source: BundleSource) -> None:
        self._source = source
        self._answer: FrontMonthQuery | None = None
        self._counter = array("q", [0, 0])
        self.host = StrategyHost(self._ask, source.validate, self._counter)

    def __enter__(self) -> "InProcessPort":
        return self

    def __exit__(self, *_: object) -> None:
        install_context(None)
        unload(self._source.folder)

    def start(self, time: int, answer: FrontMonthQuery) -> Reply:
        """Load the bundle, make its Strategy, run `on_start`."""
        self._answer = answer
        source = self._source
        with localcontext(Context()):
            fault = self.host.load(
                wire.Launch(str(source.folder), source.schema, source.config, None, source.most_actions)
            )
            if fault is not None:
                return _failed(source.folder, fault)
            return self._reply(self.host.start(time))

    def block(self, columns: npt.NDArray[np.int64], streams: Sequence[StreamRow]) -> None:
        """Send a block."""
        head = wire.BlockHead(columns.shape[1], [wire.stream_row(*stream) for stream in streams])
        self.host.block(head, memoryview(columns.tobytes()))

    def go(self, items: Sequence[Item], end: int, dropped: Sequence[int], meanwhile: Callable[[], None]) -> Reply:
        """Deliver a script."""
        meanwhile()
        script = [
            wire.Item(row, kind, time, list(changes), _plain(payload)) for row, kind, time, changes, payload in items
        ]
        with localcontext(Context()):
            return self._reply(self.host.go(wire.Go(script, end, list(dropped))))

    def stop(self, time: int) -> Failure | None:
        """Run `on_stop`."""
        with localcontext(Context()):
            fault = self.host.stop(time)
        return None if fault is None else _failure(self._source.folder, fault)

    def _reply(self, outcome: Outcome) -> Reply:
        if outcome.fault is not None:
            return _failed(self._source.folder, outcome.fault)
        kind = ReplyKind.DONE if outcome.actions is None else ReplyKind.ACTED
        return Reply(kind, outcome.items_done, outcome.bars_done, outcome.was_bar, outcome.actions or ())

    def _ask(self, query: wire.Query) -> wire.Answer:
        assert self._answer is not None
        return wire.Answer(*self._answer(query.root, query.as_of, query.items_done, query.bars_done, query.was_bar))


def _plain(payload: Sequence[Any]) -> list[Any]:
    """A payload as it looks after the wire: Decimals and enums as text."""
    return [entry if isinstance(entry, int | tuple) else str(entry) for entry in payload]


def _failed(folder: Path, fault: wire.Fault) -> Reply:
    return Reply(ReplyKind.FAILED, fault.items_done, fault.bars_done, fault.was_bar, failure=_failure(folder, fault))


def _failure(folder: Path, fault: wire.Fault) -> Failure:
    return Failure(fault.code, fault.message, _location(folder, fault.place))


def _location(folder: Path, place: wire.Place | None) -> Location | None:
    """A place with its file named relative to the bundle."""
    if place is None:
        return None
    path = Path(place.file)
    return Location(path.name if path.parent == folder else place.file, place.line, place.function)
