"""Small bundles for the tests of this folder."""

import json
from pathlib import Path
from typing import Any

GOOD_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "ticker": {"type": "string", "x-periscope-type": "symbol", "x-periscope-asset-type": "EQUITY"},
        "span": {"x-periscope-type": "bar_time_span", "enum": ["minute", "day"], "default": "day"},
        "fast": {"type": "integer", "minimum": 1, "default": 10},
        "risk": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "multipleOf": 0.01},
    },
    "required": ["ticker"],
    "additionalProperties": False,
}

HEAD = """\
from datetime import datetime

from libs.common_types.src.types import JSONValue
from libs.shared_ipc.src.framework import *
from libs.shared_ipc.src.framework import DataCoordinator, StrategyBase, require_bar_time_span, require_symbol
from libs.shared_ipc.src.protocol import Action

"""

INIT = """\
    def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue]) -> None:
        self.symbol = require_symbol(config, "ticker")
        self.span = require_bar_time_span(config, "span")

"""

ON_START = """\
    async def on_start(self, as_of_time: datetime) -> list[Action]:
        return []
"""

GOOD_STRATEGY = HEAD + "class Strategy(StrategyBase):\n" + INIT + ON_START


def write_bundle(folder: Path, strategy: str = GOOD_STRATEGY, schema: Any = None, **helpers: str) -> Path:
    """A bundle in `folder`; `schema` is an object or the text itself, helpers are named without `.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "strategy.py").write_text(strategy, encoding="utf-8")
    text = schema if isinstance(schema, str) else json.dumps(GOOD_SCHEMA if schema is None else schema)
    (folder / "config_schema.json").write_text(text, encoding="utf-8")
    for name, source in helpers.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder
