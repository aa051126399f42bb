"""`periscope init`."""

from pathlib import Path
from typing import Annotated

import typer

from periscope.cli.output import JsonOption, print_json, say
from periscope.cli.workspace import MARKER, init_workspace, shown


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to use; made if it is not there.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Make a folder a workspace.

    It gets places for strategies, data and runs. What is there already stays as it is.
    """
    workspace, is_new = init_workspace(folder)
    if as_json:
        places = {"catalog": workspace.catalog, "strategies": workspace.strategies, "runs": workspace.runs}
        print_json(
            {"workspace": str(workspace.root), "new": is_new} | {name: str(path) for name, path in places.items()}
        )
        return
    place = shown(workspace.root)
    say(f"{place} is a workspace now ({MARKER})." if is_new else f"{place} is a workspace already; nothing changed.")
    say("Next:")
    if place != ".":
        say(f"  cd {place}")
    say("  periscope data sample        a sample market to try things on")
    say("  periscope new my_strategy    a strategy to start from")
