"""Periscope: systematic trading with exact money.

In a notebook or a script: `periscope.backtest(...)` runs a strategy, `periscope.load_run(...)` opens a finished run.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from periscope.notebook.backtest import backtest
    from periscope.notebook.run import Run, load_run

__all__ = ["Run", "backtest", "load_run"]


def __getattr__(name: str) -> Any:
    """Load what is asked for when it is first asked for, so that importing the package costs nothing."""
    if name == "backtest":
        from periscope.notebook.backtest import backtest

        return backtest
    if name in ("Run", "load_run"):
        from periscope.notebook import run

        return getattr(run, name)
    raise AttributeError(f"module 'periscope' has no attribute {name!r}")
