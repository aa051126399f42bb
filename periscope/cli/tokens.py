"""`periscope tokens`: who may use the API of the workspace."""

from typing import Annotated

import typer

from periscope.cli.exits import ExitCode
from periscope.cli.output import JsonOption, fail, print_json, say
from periscope.cli.store import allowed, open_desk
from periscope.cli.table import print_table

tokens_app = typer.Typer(help="Say who may use the API: make, list and delete tokens.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="The token's name.")]
_COLUMNS = ("name", "scope", "created", "expires", "last used")


@tokens_app.command()
def create(
    name: NameArgument,
    scope: Annotated[str, typer.Option(help="What it is for: read, write (which includes read), or admin.")] = "read",
    days: Annotated[int | None, typer.Option(help="How many days it is good; default: for ever.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token, and show its secret this once."""
    from periscope.runs.documents import token_document
    from periscope.runs.store.token_rows import Scope

    if scope not in set(Scope):
        hint = f"there are {', '.join(Scope)}"
        fail("USAGE", f"there is no scope {scope!r}", exit_code=ExitCode.USAGE, hint=hint)
    with open_desk() as desk:
        token, secret = allowed(desk.store.tokens.create(name, Scope(scope), days=days))
    if as_json:
        print_json(token_document(token) | {"secret": secret})
        return
    say(secret)
    say(f"  the secret of {name}, of the scope {scope}: keep it; it is shown this once")
    say("  PERISCOPE_TOKEN in the environment is where `--server` looks for it")


@tokens_app.command("list")
def list_tokens(as_json: JsonOption = False) -> None:
    """List tokens, without their secrets."""
    from periscope.runs.documents import token_document

    with open_desk() as desk:
        found = [token_document(token) for token in desk.store.tokens.all()]
    if as_json:
        print_json({"tokens": found})
        return
    rows = [
        {
            "name": token["name"],
            "scope": token["scope"],
            "created": token["created_at"][:10],
            "expires": "expired" if token["expired"] else (token["expires_at"] or "never")[:10],
            "last used": token["used_on"] or "never",
        }
        for token in found
    ]
    print_table(_COLUMNS, rows)
    if not rows:
        say("no tokens: on this machine the API needs none, and periscope tokens create NAME makes one")


@tokens_app.command()
def delete(name: NameArgument, as_json: JsonOption = False) -> None:
    """Take a token away at once."""
    with open_desk() as desk:
        done = desk.store.tokens.delete(name)
    if not done:
        hint = "`periscope tokens list` shows what there is"
        fail("TOKEN_NOT_FOUND", f"there is no token {name!r}", exit_code=ExitCode.NOT_FOUND, hint=hint)
    if as_json:
        print_json({"deleted": name})
    else:
        say(f"token {name} was deleted")
