"""The benchmark of starts: its arithmetic, and two real starts through it."""

import pytest

from benchmarks.start_up import main, rows, table
from periscope.sandbox.confinement import Tier


def test_confinement_is_the_difference_within_a_round() -> None:
    sealed, bare = rows({Tier.SEALED: [50.0, 52.0, 90.0], Tier.UNCONFINED: [45.0, 46.0, 80.0]})
    assert (sealed.least, sealed.median) == (50.0, 52.0)
    assert sealed.confinement == pytest.approx(6.0)
    assert bare.confinement == pytest.approx(0.0)
    assert "sealed: 52.0 ms, wanted under 60" in table([sealed, bare])


def test_without_a_start_that_is_not_confined_nothing_is_compared() -> None:
    (sealed,) = rows({Tier.SEALED: [50.0, 52.0]})
    assert sealed.confinement is None


def test_it_starts_real_strategies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--starts", "2", "--tiers", "unconfined"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("tier")
    name, least, median, *_ = said[2].split()
    assert name == "unconfined"
    assert 5 < float(least) <= float(median)
