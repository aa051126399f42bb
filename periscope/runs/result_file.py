"""The result of a finished run, read from its folder."""

import json
from pathlib import Path
from typing import Any

from periscope.market.catalog_files import is_address

RESULT = "result.json"


class NotARunError(Exception):
    """A folder does not hold what a finished run leaves; the message says what is missing and what to do."""


def read_result(place: Path) -> dict[str, Any]:
    """The result's document, in a run's folder or in that file. Raises `NotARunError`."""
    path = place if place.is_file() else place / RESULT
    try:
        document = json.loads(path.read_bytes())
    except OSError:
        raise NotARunError(
            f"{place} holds no {RESULT}: name the folder that `periscope backtest --out` wrote"
        ) from None
    except (ValueError, RecursionError) as error:
        raise NotARunError(f"{path} is not readable JSON ({error}): run the backtest again") from None
    if not isinstance(document, dict):
        raise NotARunError(f"{path} is not the result of a run: it holds no JSON object")
    return document


def without_place(document: dict[str, Any]) -> dict[str, Any]:
    """A result for whoever reads it elsewhere: without the folder of this machine where its data was.

    `data` says by hashes what data that was. An address such as s3://bucket/prefix stays: it means the same everywhere.
    """
    where = document.get("catalog")
    return document if where is None or is_address(where) else document | {"catalog": None}


def result_text(document: dict[str, Any]) -> str:
    """The document as it stands in its file."""
    return json.dumps(document, indent=2) + "\n"
