"""The auditor finds nothing wrong with the engine's runs, and finds what is wrong with doctored ones."""

from collections.abc import Callable
from dataclasses import replace
from decimal import localcontext
from fractions import Fraction
from pathlib import Path

import pytest

from periscope.engine.backtest import Backtest
from periscope.portfolio.exact import EXACT
from periscope.runs.ports import BundleSource, InProcessPort
from tests.audit.auditor import Auditor
from tests.audit.collected import Collector
from tests.audit.evidence import Fill, MarginChange, Step
from tests.differential.adapter import BlockEngine, feed_of
from tests.naive.random_strategies import Case, random_case

FIRST_SEED = 5000
SEEDS = 200
"""With --full; a fortieth of them otherwise."""
CLEAN = FIRST_SEED
RISING = FIRST_SEED + 22
"""A case in which the margin of a future changes while it is held."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All seeds with --full, every fortieth otherwise."""
    if "seed" in metafunc.fixturenames:
        full = any(metafunc.config.getoption(name, default=False) for name in ("--full", "--long"))
        metafunc.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS, 1 if full else 40))


def collect(case: Case, folder: Path) -> Auditor:
    """Run a case through the block engine and hand its records to an auditor."""
    made = BlockEngine(folder, case.source, case.market)
    settings = case.settings
    feed = feed_of(made.catalog, settings)
    collector = Collector()
    most = settings.limits.actions_per_reply
    source = BundleSource(made.bundle, b'{"type": "object"}', b"{}", settings.seed, most)
    with InProcessPort(source) as port, localcontext(EXACT):
        outcome = Backtest(settings, feed, port, collector).run()
    return collector.auditor(case.market, settings, None if outcome.failure is None else outcome.state.now)


def test_random_runs_pass_the_audit(seed: int, tmp_path: Path) -> None:
    """Every fill is one that the bars allow, every fee and posting is right, the books balance after every step."""
    complaints = collect(random_case(seed), tmp_path).audit()
    assert complaints == [], f"seed {seed}"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    """A run with fills that the auditor has not looked at yet."""
    return collect(random_case(CLEAN), tmp_path_factory.mktemp("clean"))


def _again(auditor: Auditor, steps: list[Step] | None = None) -> Auditor:
    return Auditor(auditor.terms, auditor.contracts, dict(auditor.orders), steps or list(auditor.steps))


def _doctored(auditor: Auditor, change: Callable[[Fill], Fill]) -> list[str]:
    steps = list(auditor.steps)
    index = next(n for n, step in enumerate(steps) if isinstance(step.what, Fill))
    what = steps[index].what
    assert isinstance(what, Fill)
    steps[index] = replace(steps[index], what=change(what))
    return _again(auditor, steps).audit()


def test_the_run_that_is_doctored_below_is_clean(clean: Auditor) -> None:
    """And has enough in it to be worth auditing."""
    assert _again(clean).audit() == []
    assert sum(isinstance(step.what, Fill) for step in clean.steps) > 10


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda fill: replace(fill, fee=fill.fee + 1), "the fee should be"),
        (lambda fill: replace(fill, price=fill.price + 1), "slippage is wrong"),
        (lambda fill: replace(fill, base=fill.base + 10**9), "outside of the bar"),
        (lambda fill: replace(fill, bar_start=fill.bar_start + 1), "its bar does not exist"),
        (lambda fill: replace(fill, quantity=fill.quantity * 1000), "quantity is wrong"),
        (lambda fill: replace(fill, realised=fill.realised + 1), "realised should be"),
    ],
)
def test_a_doctored_fill_is_found(clean: Auditor, change: Callable[[Fill], Fill], complaint: str) -> None:
    """Each wrong number has its complaint."""
    assert any(complaint in text for text in _doctored(clean, change))


def test_a_posting_that_does_not_balance_is_found(clean: Auditor) -> None:
    """A cent more in one account."""
    steps = list(clean.steps)
    first, *others = steps[0].postings
    steps[0] = replace(steps[0], postings=((first[0], first[1] + Fraction(1, 100)), *others))
    assert any("do not balance" in text for text in _again(clean, steps).audit())


@pytest.fixture(scope="module")
def rising(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    """A clean run in which a margin was deposited anew at the end of a trading day."""
    auditor = collect(random_case(RISING), tmp_path_factory.mktemp("rising"))
    assert any(isinstance(step.what, MarginChange) for step in auditor.steps)
    assert _again(auditor).audit() == []
    return auditor


def test_a_wrong_margin_is_found(rising: Auditor) -> None:
    """A dollar more is deposited than the table of margins asks for; the entry still balances."""
    steps = list(rising.steps)
    index = next(n for n, step in enumerate(steps) if isinstance(step.what, MarginChange))
    (cash, paid), (margin, deposited) = steps[index].postings
    steps[index] = replace(steps[index], postings=((cash, paid - 1), (margin, deposited + 1)))
    assert any("margin:" in text for text in _again(rising, steps).audit())


def test_a_margin_that_was_left_as_it_was_is_found(rising: Auditor) -> None:
    """The trading day's new margin was not deposited."""
    steps = [step for step in rising.steps if not isinstance(step.what, MarginChange)]
    assert any("the margin of" in text for text in _again(rising, steps).audit())


def test_a_missing_fill_is_found(clean: Auditor) -> None:
    """Every fill of the first filled order is taken away, with what it did to the books."""
    steps = [step for step in clean.steps if not isinstance(step.what, Fill)]
    assert any("no fill on the bar" in text or "but not all of it" in text for text in _again(clean, steps).audit())


def test_an_update_after_the_end_is_found(clean: Auditor) -> None:
    """An order that is told of as WORKING after it was FILLED."""
    number, order = next((n, one) for n, one in clean.orders.items() if one.updates[-1][1] == "FILLED")
    auditor = _again(clean)
    auditor.orders[number] = replace(order, updates=(*order.updates, order.updates[0]))
    assert any("after the end" in text for text in auditor.audit())
