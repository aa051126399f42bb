"""The command `periscope`. Heavy imports happen inside the commands, so that `--help` answers at once."""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from typing import cast

import typer

from periscope.cli.backtest import backtest
from periscope.cli.bundles import check, new
from periscope.cli.data import data_app
from periscope.cli.demo import demo
from periscope.cli.doctor import doctor
from periscope.cli.drafts import drafts_app
from periscope.cli.exits import EXITS, HINTS, ExitCode
from periscope.cli.explain import explain
from periscope.cli.instruments import instruments_app
from periscope.cli.ledger import ledger
from periscope.cli.output import CliError, JsonOption, print_json, remark, say
from periscope.cli.publish import publish
from periscope.cli.release import release
from periscope.cli.runs_results import runs_app
from periscope.cli.serve import serve
from periscope.cli.sessions import sessions
from periscope.cli.start import init
from periscope.cli.store_commands import store_app
from periscope.cli.tokens import tokens_app
from periscope.cli.verify import compare, verify
from periscope.cli.versions import diff, versions

_UsageError = cast("type[Exception]", typer.BadParameter.__base__)

app = typer.Typer(
    name="periscope",
    help="Event-driven backtests with exact money.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    epilog="Start with `periscope demo`. Every command has --help and --json.",
)
app.command()(demo)
app.command()(init)
app.command()(new)
app.command()(check)
app.command()(backtest)
app.command()(explain)
app.command()(verify)
app.command()(compare)
app.command()(ledger)
app.command()(publish)
app.command()(versions)
app.command()(diff)
drafts_app.rich_markup_mode = None
app.add_typer(drafts_app, name="drafts")
runs_app.rich_markup_mode = None
app.add_typer(runs_app, name="runs")
store_app.rich_markup_mode = None
app.add_typer(store_app, name="store")
data_app.rich_markup_mode = None
app.add_typer(data_app, name="data")
instruments_app.rich_markup_mode = None
app.add_typer(instruments_app, name="instruments")
app.command()(sessions)
app.command()(serve)
tokens_app.rich_markup_mode = None
app.add_typer(tokens_app, name="tokens")
app.command()(doctor)


@app.command()
def version(as_json: JsonOption = False) -> None:
    """Print the version."""
    if as_json:
        print_json({"version": release(), "python": sys.version.split()[0]})
    else:
        say(f"periscope {release()}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Mistakes of the user never show a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    try:
        code = app(words, prog_name="periscope", standalone_mode=False)
        sys.stdout.flush()
    except CliError as error:
        return _report(error, as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = int(ExitCode.INTERRUPTED)
    except (BrokenPipeError, SystemExit) as error:
        return _without_reader(error)
    except _UsageError as error:
        return _report(_usage(error), as_json)
    except Exception as error:
        return _report(_data_error(error) or _crash(error, words), as_json)
    if code == ExitCode.INTERRUPTED and not isinstance(code, ExitCode):
        remark(
            "interrupted"
        )  # by Typer, which turns KeyboardInterrupt into a plain number; a command says its own word
    return int(code) if isinstance(code, int) else ExitCode.DONE


def _report(error: CliError, as_json: bool) -> int:
    if as_json:
        print_json(error.document())
    remark(error.text())
    return error.exit_code


def _usage(error: Exception) -> CliError:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "periscope"
    return CliError("USAGE", message.rstrip("."), ExitCode.USAGE, hint=f"{command} --help")


def _data_error(error: Exception) -> CliError | None:
    """What the catalog or the store refused, in its own words; None for other exceptions."""
    catalog = sys.modules.get("periscope.market.errors")
    if catalog is not None and isinstance(error, catalog.CatalogError):
        exit_code, hint = EXITS.get(error.code, ExitCode.DATA), HINTS.get(error.code, "")
        return CliError(error.code, str(error), exit_code, hint=hint)
    store = sys.modules.get("periscope.runs.store.refusals")
    if store is not None and isinstance(error, store.StoreError):
        return CliError(error.code, str(error), ExitCode.DATA, where=error.where, hint=error.hint)
    return None


def _crash(error: Exception, words: Sequence[str]) -> CliError:
    """Keep the detail of an unexpected exception in a file, and tell the user where."""
    about = {"version": release(), "python": sys.version, "platform": sys.platform, "arguments": list(words)}
    text = json.dumps(about, indent=2) + "\n\n" + "".join(traceback.format_exception(error))
    why = f"{type(error).__name__}: {error}"
    try:
        with tempfile.NamedTemporaryFile("w", prefix="periscope-crash-", suffix=".log", delete=False) as log:
            log.write(text)
        hint = f"please report it, with the file {log.name}"
    except OSError:
        hint = "please report it"
    return CliError("OUR_FAULT", "something went wrong inside Periscope", ExitCode.OUR_FAULT, why=why, hint=hint)


def _without_reader(error: BrokenPipeError | SystemExit) -> int:
    """The reader went away (`periscope ... | head`), which is no failure; Typer makes a SystemExit of it."""
    if isinstance(error, SystemExit) and not isinstance(error.__context__, BrokenPipeError):
        raise error
    # Else the interpreter would complain about what is left in the buffer when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return ExitCode.DONE


if __name__ == "__main__":
    sys.exit(main())
