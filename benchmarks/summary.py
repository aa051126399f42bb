"""What the rounds of a benchmark come to: medians, ratios, disagreements, and the table of them."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from benchmarks.engines.job import Case, Outcome

ORDERS_MAY_DIFFER_BY = 3
VALUES_MAY_DIFFER_BY = Decimal(1)


@dataclass(frozen=True, slots=True)
class Run:
    """One run in one round. `process_seconds` include start-up, imports and loading."""

    module: str
    case: Case
    round: int
    outcome: Outcome
    process_seconds: float
    peak_bytes: int

    @property
    def rate(self) -> float:
        """Bars a second of the run itself."""
        return self.outcome.bars / self.outcome.run_seconds


@dataclass(frozen=True, slots=True)
class Row:
    """All rounds of one engine in one case. `ratio` is to the reference engine: the median over paired rounds."""

    case: Case
    engine: str
    version: str
    rates: tuple[float, ...]
    rate: float
    ratio: float | None
    load_seconds: float
    process_seconds: float
    peak_bytes: int
    orders: int
    final_value: str
    notes: str


def summarise(runs: list[Run], case: Case, *, reference: str) -> list[Row]:
    """One row an engine, in the order in which they ran."""
    rows = []
    for module in dict.fromkeys(run.module for run in runs if run.case is case):
        mine = [run for run in runs if run.case is case and run.module == module]
        base = {run.round: run.rate for run in runs if run.case is case and run.module == reference}
        ratios = [run.rate / base[run.round] for run in mine if run.round in base]
        outcome = mine[0].outcome
        rows.append(
            Row(
                case=case,
                engine=outcome.engine,
                version=outcome.version,
                rates=tuple(run.rate for run in mine),
                rate=median(run.rate for run in mine),
                ratio=median(ratios) if ratios else None,
                load_seconds=median(run.outcome.load_seconds for run in mine),
                process_seconds=median(run.process_seconds for run in mine),
                peak_bytes=max(run.peak_bytes for run in mine),
                orders=outcome.orders,
                final_value=outcome.final_value,
                notes=outcome.notes,
            )
        )
    return rows


def disagreements(runs: list[Run], *, bars: int, orders: dict[Case, int]) -> list[str]:
    """Where an engine did other work than it should have: sentences, none if all is well."""
    found = []
    values = {case: Decimal(run.outcome.final_value) for case in Case for run in runs if run.case is case}
    for run in runs:
        where = f"{run.outcome.engine}, {run.case.value}, round {run.round}"
        if run.outcome.bars != bars:
            found.append(f"{where}: {run.outcome.bars:,} bars instead of {bars:,}")
        if abs(run.outcome.orders - orders[run.case]) > ORDERS_MAY_DIFFER_BY:
            found.append(f"{where}: {run.outcome.orders:,} orders instead of {orders[run.case]:,}")
        if abs(Decimal(run.outcome.final_value) - values[run.case]) > VALUES_MAY_DIFFER_BY:
            found.append(f"{where}: ends with {run.outcome.final_value}, another engine with {values[run.case]}")
    return found


def table(rows: list[Row], *, reference: str) -> str:
    """The rows of one case as text."""
    head = ["engine", "bars/s", "min", "max", f"x {reference}", "load s", "process s", "peak MB", "orders", "value"]
    lines = [head]
    for row in rows:
        ratio = "-" if row.ratio is None else f"{row.ratio:.2f}"
        speeds = [f"{rate:,.0f}" for rate in (row.rate, min(row.rates), max(row.rates))]
        seconds = [f"{row.load_seconds:.2f}", f"{row.process_seconds:.2f}"]
        peak = f"{row.peak_bytes / 1e6:,.0f}"
        lines.append(
            [f"{row.engine} {row.version}", *speeds, ratio, *seconds, peak, f"{row.orders:,}", row.final_value]
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: list[str], widths: list[int]) -> str:
    name, *numbers = cells
    return "  ".join(
        [name.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))]
    )
