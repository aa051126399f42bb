"""`periscope data`: bars into the catalog, and a look at what is there."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from periscope.cli.continuous import show_continuous
from periscope.cli.data_actions import actions
from periscope.cli.data_check import check, show_imported
from periscope.cli.data_diff import diff
from periscope.cli.data_keeper import CatalogOption, open_data
from periscope.cli.data_versions import prune, versions
from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.table import print_table
from periscope.cli.workspace import find_catalog, shown
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from libs.shared_ipc.src.protocol import AssetType, BarTimeSpan

data_app = typer.Typer(name="data", help="Bring bars into the catalog and look at them.", no_args_is_help=True)
data_app.command()(check)
data_app.command()(actions)
data_app.command()(versions)
data_app.command()(diff)
data_app.command()(prune)

_NUMERIC = {"bars", "rows", "added", "replaced", "open", "high", "low", "close", "volume", "initial", "maintenance"}

SymbolOption = Annotated[str | None, typer.Option(help="The instrument's symbol; of a LEAN folder only this one.")]
AssetTypeOption = Annotated[str | None, typer.Option(help="EQUITY, FUTURE, ETF, … (default EQUITY).")]
SpanOption = Annotated[str | None, typer.Option(help="second, minute, hour or day.")]


@data_app.command("import")
def import_(  # noqa: PLR0913, PLR0917 - one parameter for each option
    path: Annotated[Path, typer.Argument(help="A file (CSV, JSON, Parquet, Arrow, DBN), or a LEAN data folder.")],
    symbol: SymbolOption = None,
    asset_type: AssetTypeOption = None,
    span: SpanOption = None,
    exchange: Annotated[str | None, typer.Option(help="Whose sessions count: XNYS, CME, XEUR, … (`sessions`).")] = None,
    kind: Annotated[str | None, typer.Option(help="bars or quotes, of a file that has columns of both.")] = None,
    stamp: Annotated[str | None, typer.Option(help="start or end: which end of a bar the file's time is.")] = None,
    tz: Annotated[str | None, typer.Option(help="Time zone of stamps without one, such as America/New_York.")] = None,
    tick: Annotated[str | None, typer.Option(help="The smallest price move (default 0.01).")] = None,
    multiplier: Annotated[str | None, typer.Option(help="Money per price unit (default 1).")] = None,
    currency: Annotated[str | None, typer.Option(help="The currency of the prices (default USD).")] = None,
    date_format: Annotated[str | None, typer.Option(help='How stamps are written, such as "%d/%m/%Y %H:%M".')] = None,
    decimal: Annotated[str | None, typer.Option(help="point or comma: what stands before a number's decimals.")] = None,
    skip_bad_rows: Annotated[bool, typer.Option("--skip-bad-rows", help="Leave out rows that can't be bars.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Let these bars win over stored ones.")] = False,
    format_: Annotated[str | None, typer.Option("--format", help="csv, json, parquet, arrow, dbn or lean.")] = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """Import bars. Nothing is written unless every row is understood, or --skip-bad-rows is given."""
    from periscope.market.importers.formats import FORMATS
    from periscope.market.importers.options import BARS, QUOTES, ImportOptions

    options = ImportOptions(
        symbol=symbol,
        asset_type=_asset_type(asset_type),
        span=_span(span),
        exchange=exchange,
        stamp=_choice(stamp, "--stamp", ("start", "end")),
        tz=tz,
        tick=_positive(tick, "--tick"),
        multiplier=_positive(multiplier, "--multiplier"),
        currency=currency,
        date_format=date_format,
        decimal=_decimal_mark(decimal),
        kind=_choice(kind, "--kind", (BARS, QUOTES)),
        skip_bad_rows=skip_bad_rows,
        replace=replace,
    )
    _choice(format_, "--format", FORMATS)
    if not path.exists():
        fail("NOT_FOUND", f"{path} does not exist", exit_code=ExitCode.NOT_FOUND)
    with open_data(server, catalog) as keeper:
        document = keeper.bring_in(path, options, format_)
    if as_json:
        print_json(document)
    else:
        _show_import(document)
    return ExitCode.DONE


@data_app.command("list")
def list_(catalog: CatalogOption = None, server: ServerOption = None, as_json: JsonOption = False) -> int:
    """Every instrument and span of the catalog with its first and last bar, quote bar or open interest."""
    with open_data(server, catalog) as keeper:
        document = keeper.series()
    if as_json:
        print_json(document)
        return ExitCode.DONE
    rows = document["series"]
    print_table(("symbol", "asset_type", "exchange", "span", "data", "bars", "first", "last"), rows, to_right=_NUMERIC)
    if any("SYNTHETIC" in str(row["source"]) for row in rows):
        remark("sample data: prices of instruments whose source says SYNTHETIC are invented")
    if not rows:
        remark("the catalog is empty: `periscope data sample` or `periscope data import PATH`")
    return ExitCode.DONE


@data_app.command()
def show(
    symbol: Annotated[str, typer.Argument(help="The symbol, such as SPY or ESZ13.")],
    asset_type: AssetTypeOption = None,
    span: SpanOption = None,
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="How many bars at each end.")] = 5,
    continuous: Annotated[
        Literal["raw", "difference", "ratio"] | None, typer.Option(help="A futures root as one series.")
    ] = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """One instrument: its facts, what is stored with hashes, its first and last bars."""
    wanted, one_span = _asset_type(asset_type), _span(span)
    with open_data(server, catalog) as keeper:
        if continuous is None:
            document = keeper.show(symbol, wanted, one_span, rows)
        else:
            document = keeper.continuous(symbol, continuous, one_span, rows)
    if as_json:
        print_json(document)
    elif continuous is None:
        _show_instruments(document["instruments"])
    else:
        show_continuous(document)
    return ExitCode.DONE


@data_app.command()
def sample(
    seed: Annotated[int, typer.Option(help="Another seed invents another market.")] = 7,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """Make a market of invented prices: four equities and the futures of one root."""
    from periscope.market.catalog import Catalog
    from periscope.market.sample import make_sample, sample_source

    root = find_catalog(catalog)
    series = make_sample(Catalog.create(root), seed)
    rows = [
        {
            "symbol": item.instrument.symbol,
            "asset_type": item.instrument.asset_type.name,
            "span": item.span.value,
            "bars": len(item.bars),
        }
        for item in series
    ]
    if as_json:
        print_json({"catalog": str(root), "seed": seed, "source": sample_source(seed), "series": rows})
        return ExitCode.DONE
    print_table(("symbol", "asset_type", "span", "bars"), rows, to_right=_NUMERIC)
    remark(f"{sample_source(seed)}. They are in {shown(root)}")
    return ExitCode.DONE


def _show_import(document: dict[str, Any]) -> None:
    columns = ("symbol", "span", "data", "rows", "added", "replaced", "first", "last", "volume")
    print_table(columns, document["series"], to_right=_NUMERIC)
    where = "the server's catalog" if document["catalog"] is None else f"the catalog {shown(document['catalog'])}"
    remark(f"{document['format']} {document['path']} is in {where}")
    for reason, count in document["skipped_files"].items():
        remark(f"left alone: {count} {reason}")
    if document["skipped_rows"]:
        remark(f"SKIPPED: {counted(document['skipped_rows'], 'row')} that can't be bars")
    for code, count in document["finding_counts"].items():
        remark(f"{count} {code}")
        for found in document["findings"]:
            if found["code"] == code:
                place = found["file"] if found["line"] is None else f"{found['file']}:{found['line']}"
                remark(f"  {place}: {found['message']}")
    for note in document["notes"]:
        remark(f"note: {note}")
    show_imported(document["quality"])


def _show_instruments(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        facts = {
            name: value for name, value in document.items() if name not in {"series", "margins"} and value is not None
        }
        say("\n".join(f"{name:>19}  {value}" for name, value in facts.items()))
        if document["margins"]:
            say("\nmargins by date:")
            print_table(("first_day", "initial", "maintenance"), document["margins"], to_right=_NUMERIC)
        for series in document["series"]:
            say(f"\n{series['span']}: {series['bars']} {series['data']}, {series['first']} to {series['last']}")
            for file in series["files"]:
                say(f"  {file['file']}  {counted(file['rows'], 'row')}  sha256 {file['sha256']}")
            columns = tuple((series["head"] or [{}])[0])
            print_table(columns, series["head"] + series["tail"], to_right=set(columns) - {"start", "end"})


def _asset_type(text: str | None) -> "AssetType | None":
    from libs.shared_ipc.src.protocol import AssetType

    if text is None:
        return None
    _choice(text.upper(), "--asset-type", tuple(each.name for each in AssetType))
    return AssetType(text.upper())


def _span(text: str | None) -> "BarTimeSpan | None":
    from libs.shared_ipc.src.protocol import BarTimeSpan

    if text is None:
        return None
    _choice(text.lower(), "--span", tuple(each.value for each in BarTimeSpan))
    return BarTimeSpan(text.lower())


def _decimal_mark(text: str | None) -> str | None:
    return {None: None, "point": ".", "comma": ","}[_choice(text, "--decimal", ("point", "comma"))]


def _choice(text: str | None, option: str, choices: tuple[str, ...]) -> str | None:
    if text is not None and text not in choices:
        raise typer.BadParameter(f"{option} is {text!r}; it must be one of {', '.join(choices)}")
    return text


def _positive(text: str | None, option: str) -> Decimal | None:
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        raise typer.BadParameter(f"{option} is {text!r}; it must be a number above 0")
    return number
