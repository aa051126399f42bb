"""`periscope instruments`: what is known about instruments, futures roots and the contracts of a root."""

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.rolls import rolls
from periscope.cli.table import print_table
from periscope.cli.workspace import CATALOG_VARIABLE, find_catalog, find_workspace
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from libs.shared_ipc.src.protocol import AssetType
    from periscope.instruments.master import InstrumentMaster

instruments_app = typer.Typer(
    name="instruments", help="Instruments, futures roots, and the contracts of a root.", no_args_is_help=True
)
instruments_app.command()(rolls)

STORED_COLUMNS = ("symbol", "asset_type", "exchange", "currency", "tick", "multiplier", "expires_at")
ROOT_COLUMNS = ("root", "exchange", "name", "currency", "tick", "multiplier", "price_unit", "months", "settlement")

CatalogOption = Annotated[
    str | None, typer.Option("--catalog", help="The catalog's folder or address; else the workspace's, if any.")
]
DateOption = Annotated[str | None, typer.Option("--date", help="A trading day, such as 2013-10-07.")]
AssetTypeOption = Annotated[str | None, typer.Option(help="EQUITY, FUTURE, ETF, …")]


@instruments_app.command("list")
def list_(
    asset_type: AssetTypeOption = None,
    root: Annotated[str | None, typer.Option(help="Only this futures root and its contracts.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Only of this exchange, such as CME or XNYS.")] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """The instruments of the catalog, and the futures roots whose facts Periscope knows."""
    from periscope.instruments.products import PRODUCTS
    from periscope.market.instrument_documents import root_document, stored_document

    wanted, of_root, at = _asset_type(asset_type), _upper(root), _upper(exchange)
    path, master = _open(catalog)
    stored = [
        stored_document(each, None)
        for each in master.all()
        if wanted in {None, each.asset_type} and of_root in {None, each.root} and at in {None, each.exchange}
    ]
    roots = [
        root_document(product, None)
        for name, product in sorted(PRODUCTS.items())
        if (wanted is None or wanted.name == "FUTURE")
        and of_root in {None, name}
        and at in {None, product.exchange.code}
    ]
    if as_json:
        print_json({"catalog": None if path is None else str(path), "instruments": stored, "roots": roots})
        return ExitCode.DONE
    print_table(STORED_COLUMNS, stored, to_right={"tick", "multiplier"})
    if stored and roots:
        say()
    print_table(ROOT_COLUMNS, roots, to_right={"tick", "multiplier"})
    remark(f"{counted(len(stored), 'instrument')} {_where(path)}, {counted(len(roots), 'known futures root')}")
    return ExitCode.DONE


@instruments_app.command()
def show(
    symbol: Annotated[str, typer.Argument(help="A symbol, a contract (ESZ13, ESZ3, ES Z13), or a futures root.")],
    day: DateOption = None,
    asset_type: AssetTypeOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """One instrument, contract or futures root: its facts on a day, with their sources."""
    from periscope.instruments.contract_names import AmbiguousContractError
    from periscope.market.instrument_lookup import documents_named

    wanted, on = _asset_type(asset_type), _day(day, "--date")
    path, master = _open(catalog)
    try:
        found = documents_named(master, symbol.strip().upper(), wanted, on)
    except AmbiguousContractError as problem:
        fail("AMBIGUOUS_CONTRACT", str(problem), exit_code=ExitCode.USAGE, hint="--date 2013-10-07, for example")
    if path is not None:
        from periscope.market.catalog_files import files_at
        from periscope.market.instrument_documents import with_actions

        found = [with_actions(files_at(path), document) for document in found]
    if not found:
        _fail_unknown(master, symbol.strip().upper(), wanted)
    if as_json:
        print_json({"catalog": None if path is None else str(path), "found": found})
        return ExitCode.DONE
    for place, document in enumerate(found):
        if place > 0:
            say()
        facts = {name: _text(value) for name, value in _readable(document).items() if value is not None}
        width = max(len(name) for name in facts)
        say("\n".join(f"{name:>{width}}  {text}" for name, text in facts.items() if text))
    return ExitCode.DONE


@instruments_app.command()
def chain(
    root: Annotated[str, typer.Argument(help="A futures root, such as ES.")],
    day: DateOption = None,
    since: Annotated[str | None, typer.Option("--from", help="Contracts that trade up to this day or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Contracts that end on this day or earlier.")] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="With --date: how many contracts.")] = 8,
    serial: Annotated[bool, typer.Option("--serial", help="Also months that are listed only when near.")] = False,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> int:
    """The contracts of a root: first notice, last trade in exchange time and UTC, and whether the catalog has them.

    Without dates: those from the catalog's first to its last.
    """
    from periscope.instruments.products import PRODUCTS
    from periscope.market.instrument_documents import chain_row, zone_of_stored
    from periscope.market.instrument_lookup import chain_between

    name = root.strip().upper()
    on, first, last = _day(day, "--date"), _day(since, "--from"), _day(until, "--to")
    if on is not None and (first is not None or last is not None):
        raise typer.BadParameter("--date goes without --from and --to")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter(f"--to {last} is before --from {first}")
    path, master = _open(catalog)
    stored = master.chain(name)
    product = PRODUCTS.get(name)
    if product is None and not stored:
        fail("UNKNOWN_ROOT", master.explain_unknown_root(name), exit_code=ExitCode.NOT_FOUND)
    zone = ZoneInfo(product.exchange.zone) if product is not None else zone_of_stored(stored[0])
    contracts = chain_between(name, stored, (on, first, last), count, serial=serial)
    if contracts is None:
        what = f"the catalog has no contracts of {name}, so say of when"
        fail("DATES_REQUIRED", what, exit_code=ExitCode.USAGE, hint="--date 2013-10-07, or --from and --to")
    rows = [chain_row(each, zone) for each in contracts]
    if as_json:
        document = {"catalog": None if path is None else str(path), "root": name, "zone": zone.key, "contracts": rows}
        print_json(document)
        return ExitCode.DONE
    _show_chain(rows, zone.key)
    return ExitCode.DONE


def _show_chain(rows: list[dict[str, Any]], zone: str) -> None:
    local = f"last trade ({zone})"
    shown = [
        row
        | {
            "first notice": row["first_notice"] or "-",
            local: (row["last_trade_exchange_time"] or row["last_trade_day"] or "unknown")[:16].replace("T", " "),
            "last trade (UTC)": row["last_trade"] or "unknown",
            "catalog": "yes" if row["in_catalog"] else "no",
        }
        for row in rows
    ]
    print_table(("symbol", "short", "month", "first notice", local, "last trade (UTC)", "catalog"), shown)
    titles = {
        "last_trade_unknown": "last trade unknown",
        "first_notice_unknown": "no first notice",
        "remark": "note",
    }
    for fact, title in titles.items():
        for reason in dict.fromkeys(row[fact] for row in rows if row[fact] is not None):
            of = [row["symbol"] for row in rows if row[fact] == reason]
            remark(f"{title}: {reason} ({of[0]}{f' and {len(of) - 1} more' if len(of) > 1 else ''})")
    for row in rows:
        if row["catalog_expires_at"] is not None and row["catalog_expires_at"] != row["last_trade"]:
            remark(f"{row['symbol']}: the catalog has it expire at {row['catalog_expires_at']}")
    if not rows:
        remark("no contract stops trading in that time")


def _fail_unknown(master: "InstrumentMaster", symbol: str, wanted: "AssetType | None") -> NoReturn:
    from libs.shared_ipc.src.protocol import AssetType

    what = master.explain_unknown(symbol, wanted or AssetType.EQUITY)
    roots = master.near_roots(symbol) if wanted is AssetType.FUTURE or not master.all() else []
    hint = f"futures roots that sound like it: {', '.join(roots)}" if roots else "`periscope instruments list`"
    fail("UNKNOWN_INSTRUMENT", what, exit_code=ExitCode.NOT_FOUND, hint=hint)


def _open(option: str | None) -> "tuple[Path | str | None, InstrumentMaster]":
    """The catalog's instruments; none where there is no catalog and none was named."""
    from periscope.instruments.master import InstrumentMaster
    from periscope.market.catalog import Catalog

    named = option is not None or bool(os.environ.get(CATALOG_VARIABLE))
    if not named and find_workspace() is None:
        return None, InstrumentMaster([])
    root = find_catalog(option, must_exist=named)
    is_there = isinstance(root, str) or root.is_dir()
    return (root, Catalog.open(root).instruments) if is_there else (None, InstrumentMaster([]))


def _where(path: Path | str | None) -> str:
    return "in no catalog" if path is None else "in the catalog"


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    """A document with its lists and tables as people read them; only sources that differ from the general one."""
    own = {fact: source for fact, source in document["sources"].items() if source != document["source"]}
    names = [
        name["ticker"]
        + f" from {name['first_day'] or 'the start'}"
        + (f" to {name['last_day']}" if name["last_day"] else "")
        for name in document.get("names", ())
    ]
    ticks = [f"{tick['value']} from {tick['since'] or 'the start'}" for tick in document.get("ticks", ())]
    splits = [f"{split['ratio']} on {split['ex_date']}" for split in document.get("splits", ())]
    dividends = [f"{paid['amount']} on {paid['ex_date']}" for paid in document.get("dividends", ())]
    lists = {"names": names, "ticks": ticks if len(ticks) > 1 else [], "splits": splits, "dividends": dividends}
    return document | {"sources": own} | lists


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return str(value)


def _upper(text: str | None) -> str | None:
    return None if text is None else text.strip().upper()


def _asset_type(text: str | None) -> "AssetType | None":
    from libs.shared_ipc.src.protocol import AssetType

    if text is None:
        return None
    if text.upper() not in AssetType.__members__:
        raise typer.BadParameter(f"--asset-type is {text!r}; it must be one of {', '.join(AssetType.__members__)}")
    return AssetType[text.upper()]


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{option} is {text!r}; it must be a day such as 2013-10-07") from None
    from periscope.market.instrument_lookup import FIRST_DAY, LAST_DAY

    if not FIRST_DAY <= found <= LAST_DAY:
        raise typer.BadParameter(f"{option} is {found}; it must lie between {FIRST_DAY} and {LAST_DAY}")
    return found
