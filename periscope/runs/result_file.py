"""The result of a finished run, read from its folder."""

import json
from pathlib import Path
from typing import Any

RESULT = "result.json"


class NotARunError(Exception):
    """A folder does not hold what a finished run leaves; the message says what is missing and what to do."""


def read_result(folder: Path) -> dict[str, Any]:
    """The result's document in a run's folder. Raises `NotARunError`."""
    path = folder / RESULT
    try:
        document = json.loads(path.read_bytes())
    except OSError:
        raise NotARunError(
            f"{folder} holds no {RESULT}: name the folder that `periscope backtest --out` wrote"
        ) from None
    except ValueError as error:
        raise NotARunError(f"{path} is not readable JSON ({error}): run the backtest again") from None
    if not isinstance(document, dict):
        raise NotARunError(f"{path} is not the result of a run: it holds no JSON object")
    return document
