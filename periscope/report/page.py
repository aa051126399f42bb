"""The report: one HTML file that needs nothing else, made from a run's folder."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from periscope.market.adjustment import Adjustment
from periscope.market.catalog_files import is_address
from periscope.market.errors import CatalogError
from periscope.report import sections_body as body
from periscope.report import sections_head as head
from periscope.report import tables, text
from periscope.report.bars import BarsSource, DataEntry, PackedSeries, data_entries, pack_series
from periscope.report.curves import EquityCurve, equity_curve, monthly_returns, pack_curve
from periscope.report.events import all_events, events_table, marks
from periscope.report.ledger import books
from periscope.report.markup import Markup, element, escape, join
from periscope.report.packing import compress
from periscope.report.run_files import RunFiles, microseconds, read_run
from periscope.report.template import asset, filled, policy

SCRIPTS = ("unpack", "format", "zoom", "levels", "charts", "equity", "marks", "price", "table", "page")
CHART_LIBRARY = "lightweight-charts.standalone.production.js"


def write_report(
    run_dir: Path, output: Path, *, catalog_root: Path | str | None, bars_source: BarsSource | None = None
) -> Path:
    """Write the report of the run in `run_dir` to `output` and return `output`.

    Bars come from `bars_source`, or else from the catalog at `catalog_root`, or else from the catalog that the result
    names; without any the report says that it has none. Raises ReportError where `run_dir` holds no readable result;
    a catalog that can't be read only costs the price chart.
    """
    run = read_run(run_dir)
    series, note = _series(run.result, catalog_root, bars_source)
    page = render(run, series, note)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(output.name + ".part")
    unfinished.write_text(page, encoding="utf-8", errors="backslashreplace", newline="\n")
    return unfinished.replace(output)


def render(run: RunFiles, series: list[PackedSeries], price_note: str | None) -> str:
    """The page's HTML. The same run and bars give the same bytes."""
    result = run.result
    failed = result.get("status") == "error"
    curve = equity_curve(run.equity, result.get("cash_flows") or [])
    early, charts, script = asset("early.js"), asset(CHART_LIBRARY), _script()
    return filled(
        asset("template.html"),
        {
            "policy": escape(policy(early, charts, script)),
            "engine_version": escape(str(result.get("engine_version") or "")),
            "title": escape(head.title(result)),
            "style": Markup(asset("report.css")),
            "early_script": Markup(early),
            "chart_script": Markup(charts),
            "script": Markup(script),
            "header": head.header(result),
            "issues_first": head.issues(result) if failed else Markup(""),
            "issues_last": Markup("") if failed else head.issues(result),
            "key_figures": head.key_figures(result),
            "notes": head.caveats(result),
            "equity_label": escape(_equity_label(result)),
            "statistics": body.statistics(result),
            "monthly_returns": body.monthly_returns(monthly_returns(curve)),
            "positions": body.positions(result),
            "ledger": books(run),
            "models": body.models(result),
            "provenance": body.provenance(result),
            "config": body.config(result),
            "data": body.data(result),
            "logs": body.logs(run),
            "blocks": _blocks(run, curve, series, price_note),
        },
    )


def _blocks(run: RunFiles, curve: EquityCurve, series: list[PackedSeries], price_note: str | None) -> Markup:
    """What the script draws, as packed text that the browser does not look into."""
    packed = pack_curve(curve)
    core = (run.result.get("config") or {}).get("core") or {}
    events = all_events(run, (event for one in series for event in one.events))
    main: dict[str, Any] = {
        "currency": str(core.get("currency") or "USD"),
        "equity": None if packed is None else packed.header(),
        "cashFlows": [
            {"time": time / 1_000_000, "amount": float(flow["amount"])}
            for flow in run.result.get("cash_flows") or []
            if (time := microseconds(flow.get("time"))) is not None
        ],
        "series": [one.header | {"marks": marks(events, str(one.header["symbol"]))} for one in series],
        "priceNote": _chart_note(run, price_note),
        "tables": {
            "trades": tables.table(run.trades, tables.TRADES),
            "orders": tables.table(run.orders, tables.ORDERS),
            "fills": tables.table(run.fills, tables.FILLS),
            "events": tables.table(events_table(events), tables.EVENTS),
            "ledger": tables.table(run.ledger.journal, tables.LEDGER),
        },
    }
    document = json.dumps(main, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    blocks = [_block("main", compress(document.encode()))]
    if packed is not None:
        blocks.append(_block("equity", packed.text))
    blocks += [_block(f"bars-{number}", one.bars.text) for number, one in enumerate(series)]
    return join(blocks)


def _block(name: str, base64_text: str) -> Markup:
    return element("script", Markup(base64_text), type="text/plain", id=f"block-{name}")


def _series(
    result: dict[str, Any], catalog_root: Path | str | None, bars_source: BarsSource | None
) -> tuple[list[PackedSeries], str | None]:
    """The run's series, packed, and what to say where some or all of them are not to be had."""
    entries = data_entries(result)
    try:
        source = bars_source if bars_source is not None else _catalog_bars(result, catalog_root)
        series, missing = pack_series(entries, source) if source is not None else ([], entries)
    except CatalogError as error:
        return [], f"No bars are shown: {error}"
    return series, _missing_note(missing, catalog_root or result.get("catalog"))


def _catalog_bars(result: dict[str, Any], catalog_root: Path | str | None) -> BarsSource | None:
    named = result.get("catalog")
    root = catalog_root if catalog_root is not None else str(named) if named else None
    if root is None or not (is_address(root) or Path(root).is_dir()):
        return None
    from periscope.report.catalog_bars import CatalogBars

    core = (result.get("config") or {}).get("core") or {}
    start, end = microseconds(result.get("start")), microseconds(result.get("end"))
    adjustment = Adjustment(core.get("adjustment") or Adjustment.RAW)
    return CatalogBars(root, (start or 0, end or 0), adjustment=adjustment, extended=core.get("hours") == "extended")


def _missing_note(missing: list[DataEntry], catalog: object) -> str | None:
    if not missing:
        return None
    names = ", ".join(f"{entry.symbol} {entry.span}" for entry in missing[:5])
    more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
    return f"No bars of {names}{more} are shown: they are not in the catalog {catalog or 'that the run read'} any more."


def _chart_note(run: RunFiles, price_note: str | None) -> str | None:
    """What the price chart lacks, None where it lacks nothing."""
    marked, fills = run.fills.rows.height, run.fills.count
    cut = f"The chart marks the first {marked:,} of {fills:,} fills." if marked < fills else ""
    return " ".join(filter(None, (price_note, cut))) or None


def _equity_label(result: dict[str, Any]) -> str:
    values = result.get("statistics") or {}
    return (
        f"Portfolio value from {text.moment(result.get('start'))} to {text.moment(result.get('end'))}: "
        f"total return {text.percent(values.get('total_return'))}, "
        f"maximum drawdown {text.percent(values.get('max_drawdown'))}"
    )


@cache
def _script() -> str:
    """The page's own script: its parts one after the other, in a scope of their own."""
    parts = "\n".join(asset(f"{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{parts}\n}})();'
