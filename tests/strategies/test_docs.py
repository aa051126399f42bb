"""The page about parameters lists every code with its meaning."""

import json
import re
from pathlib import Path

from periscope.strategies.json_text import read_json
from periscope.strategies.problems import CODES
from periscope.strategies.schema import check_schema

PAGE = Path(__file__).parents[2] / "docs" / "strategy-parameters.md"


def test_every_code_is_listed_with_its_meaning() -> None:
    listed = dict(re.findall(r"^\| `([A-Z0-9_]+)` \| (.*) \|$", PAGE.read_text(), re.MULTILINE))
    assert listed == CODES


def test_every_schema_on_the_page_is_valid() -> None:
    for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL):
        value = json.loads(text)
        schema = value if "properties" in value else {"type": "object", "properties": value}
        document, problems = read_json(json.dumps(schema), "config_schema.json")
        assert problems == []
        assert document is not None
        assert check_schema(document)[1] == []
