"""`periscope explain`: why an order filled as it did, or did not."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption
from periscope.cli.output import CliError, JsonOption, fail, print_json, say
from periscope.cli.run_folder import RUN_HELP, find_run_folder
from periscope.cli.workspace import find_catalog
from periscope.instruments.words import counted

if TYPE_CHECKING:
    from periscope.market.catalog import Catalog


def explain(
    run: Annotated[Path, typer.Argument(help=RUN_HELP)],
    order: Annotated[str, typer.Argument(help="The order: its number, its id, or how its id begins.")],
    catalog: Annotated[str | None, typer.Option(help="The data; default: the run's own catalog.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an order filled at its price, or why it did not fill, and what would have changed it."""
    document = _explained(run, order, catalog) if not server else _asked(server, run, order, catalog)
    if as_json:
        print_json(document)
    else:
        _show(document)


def _asked(server: str, run: Path, order: str, catalog: str | None) -> dict[str, Any]:
    from periscope.cli.evidence_remote import remote_explanation

    return remote_explanation(server, run, order, catalog)


def _explained(run: Path, order: str, catalog: str | None) -> dict[str, Any]:
    from periscope.runs.explaining import UnknownOrderError, find_order, open_run
    from periscope.runs.explaining import explain as explained
    from periscope.runs.result_file import NotARunError, read_result

    folder = find_run_folder(run)
    try:
        opened = open_run(folder, _catalog(catalog, read_result(folder).get("catalog")))
        return explained(opened, find_order(opened, order))
    except NotARunError as error:
        hint = "run it again with `backtest --out DIR`"
        fail("RUN_NOT_READABLE", str(error), exit_code=ExitCode.NOT_FOUND, hint=hint)
    except UnknownOrderError as error:
        fail("ORDER_NOT_FOUND", str(error), exit_code=ExitCode.NOT_FOUND, where=str(folder))


def _catalog(asked: str | None, recorded: str | None) -> "Catalog | None":
    """The catalog that was asked for, which must be there; else the run's own, if it still is."""
    from periscope.market.catalog import Catalog

    try:
        return Catalog(find_catalog(asked or recorded, must_exist=True))
    except CliError:
        if asked is not None:
            raise
        return None


def _show(document: dict[str, Any]) -> None:
    order = document["order"]
    quantity = "all" if order["quantity"] is None else order["quantity"]
    stop, limit = order["stop_price"], order["limit_price"]
    kind = {"LIMIT": f"LIMIT {limit}", "STOP": f"STOP {stop}", "STOP_LIMIT": f"STOP {stop} LIMIT {limit}"}
    terms = kind.get(order["order_type"], order["order_type"])
    words = [order["intent"], quantity, order["symbol"], terms, order["time_in_force"]]
    say(f"order {order['sequence']}  {' '.join(words)}")
    by = "" if order["origin"] in (None, "strategy") else f" by the account: {order['origin']}"
    _lines("  ", {"id": order["order_id"], "placed": f"{order['placed_at']}{by}", "expires": order["expires_at"]})
    if document["rested"] is not None:
        rested = document["rested"]
        low, high = rested["lowest"], rested["highest"]
        extremes = f"from {low['price']} ({low['bar_start']}) to {high['price']} ({high['bar_start']})"
        _lines("  ", {"market meanwhile": f"{counted(rested['bars'], 'bar')}, {extremes}"})
    for fill in document["fills"]:
        _show_fill(fill)
    end = document["end"]
    say(f"\n{end['state']}" + (f" at {end['at']}" if end["at"] else ""))
    _lines("  ", {"code": end["code"], "said": end["message"], "because": end["why"]})
    for help_ in end["would_have_helped"]:
        _lines("  ", {"would have helped": help_})
    for note in document["notes"]:
        _lines("", {"note": note})


def _show_fill(fill: dict[str, Any]) -> None:
    say(f"\nfill {fill['number']}  {fill['quantity']} at {fill['price']}, {fill['filled_at']}")
    bar = fill["bar"]
    prices = " ".join(f"{name} {bar[name]}" for name in ("open", "high", "low", "close") if name in bar)
    quoted = "" if bar["of"] == "trades" else f" ({bar['of']})"
    slippage, volume, fee = fill["slippage"], fill["volume"], fill["fee"]
    moved = "not moved" if slippage["moved_by"] == "0" else f"moved by {slippage['moved_by']}, on the tick"
    slipped, charged = _model(slippage["model"], "no slippage modelled"), _model(fee["model"], "no fees modelled")
    cash = "" if fill["cash_after"] is None else f", cash {fill['cash_after']}"
    capped = f"cap {volume['cap']} (participation {volume['participation']})" if volume["cap"] else "no cap"
    parts = [f"{part['part']} {part['amount']}" for part in fee["parts"]]
    owes = None if fee["order_owes"] is None else f"{fee['order_owes']}, {fee['order_owed_before']} before"
    _lines(
        "  ",
        {
            "bar": f"{bar['span']}{quoted} from {bar['start']}  {prices}".rstrip(),
            "rule": fill["rule"],
            "that is": fill["rule_in_prose"],
            "price": f"{fill['price_before_slippage']} {moved}: {fill['price']}  ({slipped})",
            "volume": f"{capped}, {volume['counted'] or 'unknown'} traded in {volume['of']}",
            "fee": f"{fee['amount']}" + (f"  = {' + '.join(parts)}" if parts else f"  ({charged})"),
            "order owes": owes,
            "account": f"position {fill['position_after']}{cash} after it",
        },
    )
    for change in fill["would_change"]:
        _lines("  ", {"would change it": change})


def _model(name: str, nothing: str) -> str:
    return nothing if name == "none" else name


def _lines(margin: str, parts: dict[str, str | None]) -> None:
    for name, value in parts.items():
        if value:
            say(f"{margin}{name + ':':<19}{value}")
