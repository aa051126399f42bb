"""The tables in the docs are those of the code."""

import pytest

from tests.docs.generate import GENERATED, ROOT, with_generated_part


@pytest.mark.parametrize("page", GENERATED)
def test_the_generated_part_is_what_the_code_says(page: str) -> None:
    text = (ROOT / page).read_text()
    assert text == with_generated_part(page, text), f"{page} is out of date: run `python -m tests.docs.generate`"
