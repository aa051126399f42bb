"""What three published packages make of the same daily returns; `python -m tests.portfolio.references` records it.

The recorded values stand in reference_values.json, so that the comparison runs without the packages; where they are
installed (`uv sync --group references`) the record itself is checked. No code of theirs is copied.
"""

import json
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RECORD = Path(__file__).parent / "reference_values.json"
PACKAGES = ("empyrical-reloaded", "quantstats", "ffn")
FIGURES = ("total_return", "annualised_return", "volatility", "sharpe", "sortino", "calmar", "max_drawdown")

type Returns = npt.NDArray[np.float64]


def _wandering(seed: int, days: int) -> Returns:
    """Daily returns of whole millionths, so that every machine has the same ones."""
    drawn = np.random.default_rng(seed).integers(-20_000, 21_000, days)
    return drawn / 1_000_000


SERIES: dict[str, Returns] = {
    "two years": _wandering(7, 504),
    "a month": _wandering(11, 21),
    "a loss from the first day": np.concatenate([[-0.05], _wandering(13, 60)]),
    "a crash and a recovery": np.concatenate([_wandering(17, 100), [-0.3, 0.1, 0.1, 0.1], _wandering(19, 100)]),
    "never a loss": np.abs(_wandering(23, 40)) + 0.0001,
}
"""Daily returns of weekdays from 2 January 2023 on."""


def _empyrical(returns: Returns) -> dict[str, float]:
    package = import_module("empyrical")

    calls: dict[str, Callable[..., float]] = {
        "total_return": package.cum_returns_final,
        "annualised_return": package.annual_return,
        "volatility": package.annual_volatility,
        "sharpe": package.sharpe_ratio,
        "sortino": package.sortino_ratio,
        "calmar": package.calmar_ratio,
        "max_drawdown": package.max_drawdown,
    }
    return {name: _value(call, returns) for name, call in calls.items()}


def _dated(returns: Returns, *, prices: bool) -> Any:
    pd = import_module("pandas")

    if not prices:
        return pd.Series(returns, index=pd.bdate_range("2023-01-02", periods=len(returns)))
    index = pd.bdate_range("2022-12-30", periods=len(returns) + 1)
    return pd.Series(np.concatenate([[1.0], np.cumprod(1 + returns)]), index=index)


def _quantstats(returns: Returns) -> dict[str, float]:
    stats = import_module("quantstats.stats")

    series = _dated(returns, prices=False)
    calls: dict[str, Callable[..., float]] = {
        "total_return": stats.comp,
        "annualised_return": stats.cagr,
        "volatility": stats.volatility,
        "sharpe": stats.sharpe,
        "sortino": stats.sortino,
        "calmar": stats.calmar,
        "max_drawdown": stats.max_drawdown,
    }
    return {name: _value(call, series) for name, call in calls.items()}


def _ffn(returns: Returns) -> dict[str, float]:
    ffn = import_module("ffn")

    prices = _dated(returns, prices=True)
    daily = ffn.to_returns(prices).dropna()
    return {
        "total_return": float(ffn.calc_total_return(prices)),
        "annualised_return": float(ffn.calc_cagr(prices)),
        "volatility": float(daily.std() * np.sqrt(252)),
        "sharpe": float(ffn.calc_sharpe(daily, nperiods=252)),
        "sortino": float(ffn.calc_sortino_ratio(daily, nperiods=252)),
        "calmar": _value(ffn.calc_calmar_ratio, prices),
        "max_drawdown": float(ffn.calc_max_drawdown(prices)),
    }


def _value(call: Callable[..., float], *arguments: Any) -> float:
    """A figure, NaN where the package divides by zero."""
    try:
        return float(call(*arguments))
    except ZeroDivisionError:
        return float("nan")


def reference_values() -> dict[str, Any]:
    """All figures of all packages for all series; what is no finite number is None."""
    found: dict[str, Any] = {"versions": {name: version(name) for name in PACKAGES}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, returns in SERIES.items():
            values = {
                "empyrical-reloaded": _empyrical(returns),
                "quantstats": _quantstats(returns),
                "ffn": _ffn(returns),
            }
            found[name] = {
                package: {figure: value if np.isfinite(value) else None for figure, value in figures.items()}
                for package, figures in values.items()
            }
    return found


if __name__ == "__main__":
    RECORD.write_text(json.dumps(reference_values(), indent=1) + "\n")
