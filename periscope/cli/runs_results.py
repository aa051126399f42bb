"""`periscope runs issues`, `logs`, `orders`, `fills`, `trades`, `report` and `export`: what runs have left behind."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.keeper import ServerOption, open_keeper
from periscope.cli.output import JsonOption, fail, print_json, remark, say
from periscope.cli.runs import RunArgument, runs_app
from periscope.cli.table import print_table
from periscope.cli.workspace import shown

__all__ = ["runs_app"]

AfterOption = Annotated[int, typer.Option(help="Leave out so many: the next page.", min=0, max=10**12)]
LimitOption = Annotated[int, typer.Option(help="How many at most.", min=1, max=100_000)]
SymbolOption = Annotated[str | None, typer.Option(help="Only this symbol.")]
_FOLLOW_SECONDS = 0.5
_ORDERS = (
    "sequence",
    "placed_at",
    "symbol",
    "side",
    "order_type",
    "quantity",
    "state",
    "average_fill_price",
    "fees",
    "origin",
)
_FILLS = ("sequence", "filled_at", "symbol", "side", "quantity", "price", "fee", "rule", "realised_pnl", "origin")
_TRADES = ("symbol", "direction", "quantity", "entry_time", "exit_time", "entry_price", "exit_price", "net_pnl")


@runs_app.command()
def issues(number: RunArgument, server: ServerOption = None, as_json: JsonOption = False) -> None:
    """Show the issues of a run: what went wrong, where, how often."""
    with open_keeper(server) as keeper:
        found = keeper.issues(number)
    if as_json:
        print_json({"run": number, "issues": found})
        return
    for issue in found:
        place = issue["location"]
        where = "" if place is None else f" ({place['file']}, line {place['line']})"
        say(f"{issue['severity']:8} {issue['code']} x{issue['count']}: {_clean(issue['message'])}{where}")
    if not found:
        say(f"run {number} has no issues")


@runs_app.command()
def logs(
    number: RunArgument,
    after: AfterOption = 0,
    limit: LimitOption = 1_000,
    search: Annotated[str | None, typer.Option(help="Only lines that hold this text.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the strategy of a run printed, with the simulation time of each line."""
    if follow and as_json:
        fail("USAGE", "--follow has no end that --json could wait for", exit_code=ExitCode.USAGE)
    with open_keeper(server) as keeper:
        while True:
            lines, count, is_active = keeper.logs(number, after=after, limit=limit, search=search)
            after += len(lines)
            for line in lines if not as_json else ():
                say(f"{line['time'] or '':27} {line['stream']:6} {_clean(line['line'])}")
            if not follow or (not is_active and not lines):
                break
            time.sleep(_FOLLOW_SECONDS if not lines else 0)
    if as_json:
        print_json({"run": number, "lines": lines, "count": count, "next": after if after < count else None})
    elif after < count:
        remark(f"{count - after:,} more lines: --after {after}")


@runs_app.command()
def orders(
    number: RunArgument,
    after: AfterOption = 0,
    limit: LimitOption = 100,
    symbol: SymbolOption = None,
    state: Annotated[str | None, typer.Option(help="Only orders in this state, such as REJECTED.")] = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the orders of a run, a page at a time."""
    from libs.shared_ipc.src.protocol import OrderState

    states = {each.value.upper() for each in OrderState}
    if state is not None and state.upper() not in states:
        known = ", ".join(sorted(states))
        fail("USAGE", f"no order is in the state {state!r}", exit_code=ExitCode.USAGE, hint=f"there are {known}")
    match = {"symbol": symbol, "state": None if state is None else state.upper()}
    _table(number, "orders", _ORDERS, after, limit, match, server, as_json=as_json)


@runs_app.command()
def fills(
    number: RunArgument,
    after: AfterOption = 0,
    limit: LimitOption = 100,
    symbol: SymbolOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the fills of a run, a page at a time, each with the rule behind its price."""
    _table(number, "fills", _FILLS, after, limit, {"symbol": symbol}, server, as_json=as_json)


@runs_app.command()
def trades(
    number: RunArgument,
    after: AfterOption = 0,
    limit: LimitOption = 100,
    symbol: SymbolOption = None,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the round trips of a run, a page at a time."""
    _table(number, "trades", _TRADES, after, limit, {"symbol": symbol}, server, as_json=as_json)


@runs_app.command()
def report(
    number: RunArgument,
    out: Annotated[Path | None, typer.Option(help="The file to write; default: run-NUMBER.html here.")] = None,
    open_report: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the report of a run as one HTML file."""
    target = out or Path(f"run-{number}.html")
    with open_keeper(server) as keeper:
        try:
            keeper.report(number, target)
        except OSError as problem:
            fail("NOT_WRITABLE", f"can't write: {problem}", exit_code=ExitCode.USAGE, where=str(target))
    if as_json:
        print_json({"run": number, "report": str(target.resolve())})
    else:
        say(f"Report: {shown(target)}")
    if open_report:
        typer.launch(target.resolve().as_uri())


@runs_app.command()
def export(
    number: RunArgument,
    file: Annotated[Path, typer.Argument(help="The archive to write; it must not exist.")],
    server: ServerOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write everything about an ended run into one ZIP archive: results, version, config, hashes."""
    with open_keeper(server) as keeper:
        try:
            keeper.export(number, file)
        except OSError as problem:
            fail("NOT_WRITABLE", f"can't write: {problem}", exit_code=ExitCode.USAGE, where=str(file))
    if as_json:
        print_json({"run": number, "file": str(file.resolve()), "bytes": file.stat().st_size})
    else:
        say(f"Exported run {number} to {shown(file)}")


def _table(
    number: int,
    table: str,
    columns: tuple[str, ...],
    after: int,
    limit: int,
    match: dict[str, str | None],
    server: str | None,
    *,
    as_json: bool,
) -> None:
    wanted = {name: text for name, text in match.items() if text is not None}
    with open_keeper(server) as keeper:
        rows, count = keeper.table(number, table, after=after, limit=limit, match=wanted)
    following = after + len(rows)
    if as_json:
        more = following if following < count else None
        print_json({"run": number, table: rows, "count": count, "next": more})
        return
    present = [name for name in columns if not rows or name in rows[0]]
    print_table(present, rows, to_right={"sequence", "quantity", "price", "average_fill_price", "fee", "fees"})
    say(f"{following - len(rows) + bool(rows):,} to {following:,} of {count:,}")
    if following < count:
        remark(f"the next page: --after {following}")


def _clean(text: object) -> str:
    from periscope.cli.summary import clean

    return clean(json.dumps(text)[1:-1]) if isinstance(text, str) and not text.isprintable() else clean(text)
