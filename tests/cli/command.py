"""Runs the command line in this process, and a stand-in for the runner behind `backtest`."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from periscope.runs.config import RunConfig
from periscope.runs.progress import Progress
from periscope.sandbox.confinement import Package


@dataclass(frozen=True)
class Outcome:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


type Command = Callable[..., Outcome]


def result_document(**changes: Any) -> dict[str, Any]:
    """A result as the runner makes it, in short."""
    return {
        "status": "complete",
        "start": "2023-01-03T05:00:00Z",
        "end": "2023-03-01T05:00:00Z",
        "bars": 39,
        "orders": 4,
        "fills": 4,
        "final_value": "100432.119999",
        "net_trading_cash": "432.119999",
        "cash": "100432.119999",
        "statistics": {"total_return": 0.0043212, "max_drawdown": -0.0123, "sharpe": None, "trades": 2, "fees": "4"},
        "issues": [],
        "bars_per_second": 812345.6,
        "hash": "ab" * 32,
        "strategy": {"path": "strategies/cross", "class": "Strategy", "version": "cd" * 32},
        "models": {"fill": "next_bar", "fees": "none", "notes": ["no trading costs modelled"]},
        "elapsed_seconds": 0.1,
        "sandbox": {"tier": "sealed"},
    } | changes


@dataclass
class FakeRunner:
    """Stands in for periscope.runs.backtest: keeps what it was asked, answers with a prepared document."""

    answer: dict[str, Any] = field(default_factory=result_document)
    exit_code: int = 0
    raises: BaseException | None = None
    asked: list[tuple[Path, RunConfig, Path | None]] = field(default_factory=list)
    trusted: list[bool] = field(default_factory=list)
    packages: list[Sequence[Package]] = field(default_factory=list)

    def run_backtest(
        self,
        bundle: Path,
        config: RunConfig,
        catalog: Any,
        *,
        out: Path | None,
        progress: Callable[[Progress], None] | None,
        in_process: bool = False,
        trusted: bool = False,
        packages: Sequence[Package] = (),
        called: str | None = None,
    ) -> "FakeRunner":
        """The runner's signature."""
        self.asked.append((bundle, config, out))
        self.trusted.append(trusted)
        self.packages.append(packages)
        if progress is not None:
            reading = Progress(
                fraction=0.5, simulation_time=0, bars=10, orders=1, bars_per_second=1000.0, seconds_left=2
            )
            progress(reading)
        if self.raises is not None:
            raise self.raises
        if out is not None:
            (out / "result.json").write_text(json.dumps(self.answer))
        return self

    def document(self) -> dict[str, Any]:
        """The prepared result."""
        return self.answer
