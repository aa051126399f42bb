"""One backtest from a bundle and a config to its result: where the engine, the sandbox and the catalog meet."""

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import localcontext
from functools import partial
from pathlib import Path
from typing import Any

from periscope.engine.backtest import Backtest, Outcome, Tuning
from periscope.engine.settings import Settings
from periscope.market.catalog import Catalog
from periscope.portfolio.exact import EXACT
from periscope.runs.conclusions import conclude
from periscope.runs.config import RunConfig
from periscope.runs.evidence import Evidence, LogFile
from periscope.runs.feed import CatalogFeed
from periscope.runs.lean_feed import feed_for
from periscope.runs.ports import BundleSource, HostedPort, InProcessPort
from periscope.runs.preparing import Prepared, prepare
from periscope.runs.progress import Progress
from periscope.runs.reading import live_state
from periscope.runs.recorder import Recorder
from periscope.runs.result import Circumstances, result_document
from periscope.sandbox.confinement import BEST_FIRST, Confinement, NoSandboxError, Package, Tier
from periscope.sandbox.session import SessionLimits

COMPLETE, OUR_FAULT, STRATEGY_INVALID, RUN_ERROR, NO_DATA, NO_SANDBOX = 0, 1, 3, 4, 5, 8
_OUR_CODES = frozenset({"BOOKS_UNBALANCED", "SANDBOX_FAULT"})
_INVALID_CODES = frozenset({"BUNDLE_INVALID", "SCHEMA_INVALID", "CONFIG_INVALID"})

type OnProgress = Callable[[Progress], bool | None]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What came of a run: the document that `backtest --json` prints, and the command's exit code."""

    result: dict[str, Any]
    exit_code: int

    def document(self) -> dict[str, Any]:
        """The result as one JSON document."""
        return self.result


def run_backtest(  # noqa: PLR0913 - most are there for one kind of caller
    bundle_path: Path,
    config: RunConfig,
    catalog: Catalog,
    *,
    out: Path | None = None,
    progress: OnProgress | None = None,
    in_process: bool = False,
    tuning: Tuning | None = None,
    trusted: bool = False,
    packages: Sequence[Package] = (),
    called: str | None = None,
) -> RunResult:
    """Run the bundle in `bundle_path` over the catalog's data.

    `out` keeps orders, fills, equity, logs, the journal and the strategy's own files. `progress` is called about ten
    times a second and may return False to stop the run gracefully. `in_process` runs the strategy in this process, for
    tests. `trusted` runs it without confinement, for one's own code, and the run is marked so for good. `packages` are
    what the strategy may import besides, as the operator allows it. `called` is how the result names the strategy,
    otherwise by its path. What is wrong with the bundle or its parameters, and a machine without a sandbox, come back
    as a result with issues, never as an exception.
    """
    prepared = prepare(bundle_path, config, catalog)
    evidence = Evidence(out)
    meter = _Meter(config.settings, progress)
    recorder = Recorder(evidence.equity, meter.reached, config.settings, evidence.journal, evidence.tables)
    meter.state = partial(live_state, recorder)
    started = time.monotonic()
    outcome = tier = feed = None
    try:
        if isinstance(prepared, Prepared):
            settings = prepared.settings
            feed = feed_for(settings, catalog)
            asked = _confinement(prepared, packages, trusted=trusted)
            port = _port(prepared, recorder, evidence.logs, None if in_process else asked, meter.deadline)
            if port is not None:
                tier = port.tier
                outcome = _run(prepared, feed, recorder, port, meter, tuning)
        else:
            for problem in prepared:
                recorder.issues.add(
                    problem.code, None, problem.message, location=problem.location, subject=problem.subject
                )
    finally:
        recorder.digest.close()
        evidence.close()
    circumstances = Circumstances(time.monotonic() - started, meter.seconds, tier, tuple(packages))
    document = result_document(
        called or str(bundle_path), config, prepared, catalog, feed, recorder, outcome, circumstances
    )
    evidence.finish(recorder, prepared.files if isinstance(prepared, Prepared) else {}, document)
    return RunResult(document, _exit_code(recorder, outcome))


def _confinement(prepared: Prepared, packages: Sequence[Package], *, trusted: bool) -> Confinement:
    limits = prepared.settings.limits
    return Confinement(
        prepared.folder,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=_processor_seconds(limits.total_seconds),
        packages=tuple(packages),
        tiers=(Tier.UNCONFINED,) if trusted else BEST_FIRST,
    )


def _port(
    prepared: Prepared, recorder: Recorder, logs: LogFile, asked: Confinement | None, deadline: float | None
) -> HostedPort | InProcessPort | None:
    """What the strategy is reached through: a process confined as `asked`, or this one.

    None, and an issue, where its process can't be started here.
    """
    limits = prepared.settings.limits
    source = BundleSource(
        prepared.folder, prepared.schema, prepared.config, prepared.settings.seed, limits.actions_per_reply
    )
    if asked is None:
        return InProcessPort(source)
    session = SessionLimits(
        limits.handler_seconds,
        limits.start_seconds,
        limits.output_bytes,
        limits.actions_per_reply,
        limits.memory_bytes,
        deadline,
    )
    try:
        port = HostedPort(source, session, logs.add, asked)
    except NoSandboxError as error:
        recorder.issues.add("SANDBOX_UNAVAILABLE", None, str(error))
        return None
    except OSError as error:
        text = f"the strategy's process could not be started: {error}"
        recorder.issues.add("SANDBOX_UNAVAILABLE", None, text)
        return None
    if port.tier == Tier.UNCONFINED:
        text = "the strategy's process was not confined: it could read files and use the network as you can"
        recorder.issues.add("RUN_UNCONFINED", None, text)
    return port


def _run(
    prepared: Prepared,
    feed: CatalogFeed,
    recorder: Recorder,
    port: HostedPort | InProcessPort,
    meter: "_Meter",
    tuning: Tuning | None,
) -> Outcome:
    with port, localcontext(EXACT):
        outcome = Backtest(prepared.settings, feed, port, recorder, tuning).run()
        recorder.finish(outcome.state.now, outcome.markets)
    if isinstance(port, HostedPort) and port.dropped_bytes:
        limit = prepared.settings.limits.output_bytes
        text = f"{port.dropped_bytes} bytes of output beyond the limit of {limit} were not kept"
        recorder.issues.add("STRATEGY_OUTPUT_LIMIT", outcome.state.now, text)
    conclude(outcome, recorder, feed, prepared.values, timed_out=meter.timed_out)
    return outcome


def _processor_seconds(total_seconds: float | None) -> int | None:
    """A backstop that no honest run meets: what all processors can give in the time of the run, and a minute."""
    return None if total_seconds is None else math.ceil(total_seconds) * (os.cpu_count() or 1) + 60


def _exit_code(recorder: Recorder, outcome: Outcome | None) -> int:
    fatal = recorder.issues.fatal
    if fatal is not None and fatal.kind.code == "SANDBOX_UNAVAILABLE":
        return NO_SANDBOX
    if outcome is None or (fatal is not None and fatal.kind.code in _INVALID_CODES):
        return STRATEGY_INVALID
    if fatal is not None and fatal.kind.code in _OUR_CODES:
        return OUR_FAULT
    if outcome.failure is not None or (fatal is not None and fatal.kind.code == "RUN_TIMEOUT"):
        return RUN_ERROR
    return NO_DATA if outcome.bars == 0 and not outcome.stopped else COMPLETE


class _Meter:
    """Measures the run's speed and passes progress on, about ten times a second. It never touches the simulation."""

    def __init__(self, settings: Settings, listener: OnProgress | None) -> None:
        self._settings = settings
        self._listener = listener
        limit = settings.limits.total_seconds
        self._began: float | None = None
        self._told = 0.0
        self.deadline = None if limit is None else time.monotonic() + limit
        self.seconds = 0.0
        self.timed_out = False
        self.state: Callable[[], dict[str, Any]] | None = None

    def reached(self, at: int, bars: int, orders: int) -> bool:
        """The run has come to `at` (microseconds UTC); returns whether it is to go on."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        self.seconds = now - self._began
        if self.deadline is not None and now > self.deadline:
            self.timed_out = True
            return False
        if self._listener is None or now - self._told < 0.1:
            return True
        self._told = now
        window = max(1, self._settings.end - self._settings.start)
        fraction = min(1.0, (at - self._settings.start) / window)
        left = self.seconds * (1 - fraction) / fraction if fraction > 0.01 else None
        speed = bars / self.seconds if self.seconds > 0 else 0.0
        answer = self._listener(
            Progress(
                fraction=fraction,
                simulation_time=at,
                bars=bars,
                orders=orders,
                bars_per_second=speed,
                seconds_left=left,
                state=self.state,
            )
        )
        return answer is not False
