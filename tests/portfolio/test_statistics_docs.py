"""The documentation's table of statistics is that of the code."""

from pathlib import Path

import pytest

from periscope.portfolio.statistics_definitions import DEFINITIONS, Group

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_page_states_each_definition_word_for_word(name: str) -> None:
    definition = DEFINITIONS[name]
    row = f"| `{name}` | {definition.unit} | {definition.text} | {definition.source} |"
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_page_names_no_statistic_that_does_not_exist() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == sorted(
        DEFINITIONS, key=lambda name: list(Group).index(DEFINITIONS[name].group)
    )
