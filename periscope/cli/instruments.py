"""`periscope instruments`: what is known about instruments, futures roots and the contracts of a root."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.days import require_order
from periscope.cli.exits import ExitCode
from periscope.cli.instruments_keeper import open_instruments
from periscope.cli.keeper import ServerOption
from periscope.cli.output import JsonOption, print_json, remark, say
from periscope.cli.rolls import rolls
from periscope.cli.table import print_table
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from libs.shared_ipc.src.protocol import AssetType

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
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """The instruments of the catalog, and the futures roots whose facts Periscope knows."""
    wanted, of_root, at = _asset_type(asset_type), _upper(root), _upper(exchange)
    with open_instruments(server, catalog) as keeper:
        document = keeper.all(wanted, of_root, at)
    if as_json:
        print_json(document)
        return ExitCode.DONE
    stored, roots = document["instruments"], document["roots"]
    print_table(STORED_COLUMNS, stored, to_right={"tick", "multiplier"})
    if stored and roots:
        say()
    print_table(ROOT_COLUMNS, roots, to_right={"tick", "multiplier"})
    where = "in no catalog" if document["catalog"] is None and server is None else "in the catalog"
    remark(f"{counted(len(stored), 'instrument')} {where}, {counted(len(roots), 'known futures root')}")
    return ExitCode.DONE


@instruments_app.command()
def show(
    symbol: Annotated[str, typer.Argument(help="A symbol, a contract (ESZ13, ESZ3, ES Z13), or a futures root.")],
    day: DateOption = None,
    asset_type: AssetTypeOption = None,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """One instrument, contract or futures root: its facts on a day, with their sources."""
    wanted, on = _asset_type(asset_type), _day(day, "--date")
    with open_instruments(server, catalog) as keeper:
        answer = keeper.show(symbol, wanted, on)
    if as_json:
        print_json(answer)
        return ExitCode.DONE
    for place, document in enumerate(answer["found"]):
        if place > 0:
            say()
        facts = {name: _text(value) for name, value in _readable(document).items() if value is not None}
        width = max(len(name) for name in facts)
        say("\n".join(f"{name:>{width}}  {text}" for name, text in facts.items() if text))
    return ExitCode.DONE


@instruments_app.command()
def chain(  # noqa: PLR0913, PLR0917 - one parameter for each option
    root: Annotated[str, typer.Argument(help="A futures root, such as ES.")],
    day: DateOption = None,
    since: Annotated[str | None, typer.Option("--from", help="Contracts that trade up to this day or later.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Contracts that end on this day or earlier.")] = None,
    count: Annotated[int, typer.Option(min=1, max=200, help="With --date: how many contracts.")] = 8,
    serial: Annotated[bool, typer.Option("--serial", help="Also months that are listed only when near.")] = False,
    catalog: CatalogOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> int:
    """The contracts of a root: first notice, last trade in exchange time and UTC, and whether the catalog has them.

    Without dates: those from the catalog's first to its last.
    """
    on, first, last = _day(day, "--date"), _day(since, "--from"), _day(until, "--to")
    if on is not None and (first is not None or last is not None):
        raise typer.BadParameter("--date goes without --from and --to")
    require_order(first, last)
    with open_instruments(server, catalog) as keeper:
        document = keeper.chain(root, (on, first, last), count, serial=serial)
    if as_json:
        print_json(document)
    else:
        _show_chain(document["contracts"], document["zone"])
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
