"""What is said about a strategy's code without running it."""

from pathlib import Path

import pytest

from periscope.strategies import static_check
from periscope.strategies.problems import Problem
from periscope.strategies.static_check import check_bundle
from tests.strategies.bundles import HEAD, INIT, ON_START, write_bundle

CLASS = "class Strategy(StrategyBase):\n"
LINES_BEFORE_CLASS = HEAD.count("\n")


def found_in(folder: Path, strategy: str, schema: object = None, **helpers: str) -> list[Problem]:
    result = check_bundle(write_bundle(folder, strategy, schema, **helpers))
    assert (result.bundle is None) == bool(result.problems)
    return [*result.problems, *result.warnings]


def body(*methods: str) -> str:
    """A good strategy with more methods."""
    indented = ["    " + line if line else "" for method in methods for line in method.splitlines()]
    return HEAD + CLASS + INIT + ON_START + "\n" + "\n".join(indented) + "\n"


GOOD = {
    "as in the template": body(),
    "the base by its module": (HEAD + CLASS + INIT + ON_START)
    .replace("(StrategyBase)", "(framework.StrategyBase)")
    .replace("from datetime", "import libs.shared_ipc.src.framework as framework\nfrom datetime", 1),
    "another name for the base": HEAD.replace("StrategyBase,", "StrategyBase as Base,")
    + "class Strategy(Base):\n"
    + INIT
    + ON_START,
    "in two steps": HEAD + "class Mine(StrategyBase):\n" + INIT + "\nclass Strategy(Mine):\n" + ON_START,
    "inside an if": "if True:\n" + "\n".join("    " + line for line in (HEAD + CLASS + INIT + ON_START).splitlines()),
    "all hooks": body(
        "async def on_bar(self, event): return []",
        "async def on_quote(self, event, more=1): return []",
        "async def on_timer(self, *args): return []",
        "async def on_expiration(self, event, /): return []",
        "async def on_order_update(self, event, *, a=1): return []",
        "async def on_stop(self): return None",
        "def helper(self, a, b, c): return (x for x in (yield_ for yield_ in []))",
        "async def on_nothing_of_the_kind(self): return 1",
    ),
    "a nested generator": body(
        "async def on_bar(self, event):\n    def pairs():\n        yield 1\n    return list(pairs())"
    ),
    "seeded numbers": "import random\n" + body("def draw(self):\n    return random.Random(5).random()"),
    "exact numbers": "from decimal import Decimal\n"
    + body("def f(self):\n    return [InsertCashAction(Decimal('0.1')), PlaceOrderAction('A', B, C, D, 0.5 < 1)]"),
    "a local name that looks like a clock": body("def f(self, time):\n    return time.time()"),
    "a key that is not literal": body("def f(self, config, key):\n    return require_symbol(config, key)"),
    "a part of the config": body('def f(self, config):\n    return require_int(config["legs"], "nowhere")'),
    "a dataclass": "from dataclasses import dataclass\n"
    + HEAD
    + "@dataclass\nclass Strategy(StrategyBase):\n    data_coordinator: DataCoordinator\n    config: dict\n"
    + ON_START,
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_strategy(tmp_path: Path, name: str) -> None:
    assert [str(problem) for problem in found_in(tmp_path, GOOD[name])] == []


def test_a_base_in_a_helper_is_followed(tmp_path: Path) -> None:
    helper = HEAD + "class Mine(StrategyBase):\n" + INIT + ON_START
    strategy = "from mine import Mine\n\nclass Strategy(Mine):\n    pass\n"
    assert found_in(tmp_path, strategy, mine=helper) == []
    [problem] = found_in(tmp_path, strategy, mine=helper.replace("async def on_start", "def on_start"))
    assert (problem.code, problem.file) == ("HOOK_NOT_ASYNC", "mine.py")


INIT_RULE = "expected (self, data_coordinator, config), found"

BAD = [
    (HEAD + "class Strategie(StrategyBase):\n" + INIT + ON_START, "STRATEGY_MISSING", "exactly Strategy, found none"),
    (HEAD + "Strategy = 5\n", "STRATEGY_MISSING", "found none"),
    ("class Strategy:\n    pass\n", "STRATEGY_BASE", "found that it extends nothing"),
    ("class StrategyBase: pass\nclass Strategy(StrategyBase): pass\n", "STRATEGY_BASE", "extends StrategyBase"),
    ("class Strategy(Strategy):\n    pass\n", "STRATEGY_BASE", "found that it extends Strategy"),
    (HEAD + CLASS + ON_START, "STRATEGY_INIT", "found none"),
    (HEAD + CLASS + INIT.replace("def __init__", "async def __init__") + ON_START, "STRATEGY_INIT", "found an async"),
    (HEAD + CLASS + "    def __init__(self): pass\n" + ON_START, "STRATEGY_INIT", f"{INIT_RULE} (self)"),
    (HEAD + CLASS + "    def __init__(self, a): pass\n" + ON_START, "STRATEGY_INIT", f"{INIT_RULE} (self, a)"),
    (
        HEAD + CLASS + "    def __init__(self, a, b, c): pass\n" + ON_START,
        "STRATEGY_INIT",
        f"{INIT_RULE} (self, a, b, c)",
    ),
    (HEAD + CLASS + "    def __init__(self, a, *, config): pass\n" + ON_START, "STRATEGY_INIT", INIT_RULE),
    (HEAD + CLASS + INIT, "HOOK_MISSING", "expected the handler on_start"),
    (HEAD + CLASS + INIT + ON_START.replace("async ", ""), "HOOK_NOT_ASYNC", "found a plain def"),
    (HEAD + CLASS + INIT + ON_START.replace(", as_of_time: datetime", ""), "HOOK_ARGUMENTS", "found (self)"),
    (body("def on_bar(self, event): return []"), "HOOK_NOT_ASYNC", "expected an async def, found a plain def"),
    (body("async def on_bar(self): return []"), "HOOK_ARGUMENTS", "expected (self, event), found (self)"),
    (body("async def on_bar(self, event, more): return []"), "HOOK_ARGUMENTS", "found (self, event, more)"),
    (body("async def on_stop(self, event): return None"), "HOOK_ARGUMENTS", "expected (self), found (self, event)"),
    (body("async def on_bar(self, event):\n    yield 1"), "HOOK_NOT_ASYNC", "found one that yields"),
    (body("async def on_bars(self, event): return []"), "HOOK_UNKNOWN", "the platform never calls it"),
    (body("async def on_order_updates(self, event): return []"), "HOOK_UNKNOWN", "the platform never calls it"),
    (body('x = require_symbol(config, "fast")'), "PARAMETER_NOT_SYMBOL", "found one declared as neither"),
    (body('x = optional_symbol(config, "span", None)'), "PARAMETER_NOT_SYMBOL", "declared as bar_time_span"),
    (body('x = require_symbol(config, key="nowhere")'), "PARAMETER_NOT_SYMBOL", "found no such parameter"),
    (body('x = require_bar_time_span(config, "ticker")'), "PARAMETER_NOT_BAR_TIME_SPAN", "declared as symbol"),
    (body('x = require_int(config, "nowhere")'), "PARAMETER_NOT_DECLARED", "found none named 'nowhere'"),
    (body('x = require_int(config, "ticker")'), "PARAMETER_TYPE", 'declared with "type": "string"'),
    (body('x = require_bool(config, "fast")'), "PARAMETER_TYPE", 'declared with "type": "integer"'),
    (body('x = require_decimal(config, "risk")'), "PARAMETER_MAY_BE_MISSING", "may be left out"),
    ("import time\n" + body("x = time.time()"), "WALL_CLOCK", "wall clock"),
    ("from time import time_ns as now\n" + body("x = now()"), "WALL_CLOCK", "wall clock"),
    (body("x = datetime.now()"), "WALL_CLOCK", "wall clock"),
    (
        "import datetime as dt\n"
        + HEAD.replace("from datetime import datetime\n", "")
        + CLASS
        + INIT
        + ON_START.replace(": datetime", "")
        + "    x = dt.datetime.utcnow()\n",
        "WALL_CLOCK",
        "wall clock",
    ),
    ("import random\n" + body("x = random.random()"), "RANDOMNESS", "differ from run to run"),
    ("from random import choice\n" + body("x = choice([1])"), "RANDOMNESS", "differ from run to run"),
    ("import random\n" + body("x = random.Random()"), "RANDOMNESS", "differ from run to run"),
    ("import uuid\n" + body("x = uuid.uuid4()"), "RANDOMNESS", "differ from run to run"),
    ("import numpy as np\n" + body("x = np.random.rand()"), "RANDOMNESS", "differ from run to run"),
    ("from decimal import Decimal\n" + body("x = Decimal(-0.1)"), "FLOAT_AS_MONEY", "all its binary digits count"),
    (body("x = InsertCashAction(1e5)"), "FLOAT_AS_MONEY", "found the float 100000.0"),
    (body("x = InsertCashAction(amount=2 * float('5'))"), "FLOAT_AS_MONEY", "found the float 2 * float('5')"),
    (body("x = PlaceOrderAction('A', B, C, D, 1, 0.5)"), "FLOAT_AS_MONEY", "found the float 0.5"),
    (
        body("x = PlaceOrderAction('A', B, C, stop_price=price + 0.01)"),
        "FLOAT_AS_MONEY",
        "found the float price + 0.01",
    ),
    ("import pandas\n" + body(), "IMPORT_NOT_FOUND", "found pandas"),
    ("from helper_that_is_not_there import x\n" + body(), "IMPORT_NOT_FOUND", "found helper_that_is_not_there"),
    ("def f(:\n    pass\n", "MODULE_NOT_PARSED", "does not parse"),
    ("x = 1\nif x:\ny = 2\n", "MODULE_NOT_PARSED", "expected an indented block"),
    ("x = (1\n", "MODULE_NOT_PARSED", "was never closed"),
    ("x = 1\0", "MODULE_NOT_PARSED", "null bytes"),
]


@pytest.mark.parametrize(("strategy", "code", "rule"), BAD)
def test_a_fault_is_found_with_its_line(tmp_path: Path, strategy: str, code: str, rule: str) -> None:
    problems = found_in(tmp_path, strategy)
    found = [problem for problem in problems if problem.code == code]
    assert found, [str(problem) for problem in problems]
    assert rule in found[0].rule
    assert found[0].mend
    assert found[0].line is not None or code == "STRATEGY_MISSING"


def test_places_are_exact(tmp_path: Path) -> None:
    problems = found_in(tmp_path, "import time\n" + body('x = require_symbol(config, "fast")', "y = time.time()"))
    line = 1 + LINES_BEFORE_CLASS + 1 + INIT.count("\n") + ON_START.count("\n") + 2
    assert [(p.code, p.file, p.line, p.column, p.where) for p in problems] == [
        ("PARAMETER_NOT_SYMBOL", "strategy.py", line, 9, 'require_symbol(config, "fast")'),
        ("WALL_CLOCK", "strategy.py", line + 1, 9, "time.time()"),
    ]
    [parse] = found_in(tmp_path, "x = 1\ny = = 2\n")
    assert (parse.code, parse.line, parse.column, parse.where) == ("MODULE_NOT_PARSED", 2, 5, "'y = = 2'")
    assert str(parse).startswith("strategy.py:2:5: 'y = = 2': does not parse: invalid syntax. ")


def test_helpers_are_checked_too_and_everything_is_found_at_once(tmp_path: Path) -> None:
    strategy = body("def on_bar(self, event): return []", 'x = require_symbol(config, "fast")')
    problems = found_in(
        tmp_path, strategy, '{"type": "object", "properties": {"a": 5}}', broken="x =\n", b="import time\ntime.time()\n"
    )
    assert {(problem.code, problem.file) for problem in problems} == {
        ("SCHEMA_INVALID", "config_schema.json"),
        ("MODULE_NOT_PARSED", "broken.py"),
        ("HOOK_NOT_ASYNC", "strategy.py"),
        ("WALL_CLOCK", "b.py"),
    }


def test_no_code_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    strategy = f"from pathlib import Path\nPath({str(mark)!r}).write_text('')\n" + body()
    check_bundle(write_bundle(tmp_path / "b", strategy))
    assert not mark.exists()


def test_very_much_code_is_left_unexamined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_check, "MAX_EXAMINED_BYTES", 5_000)
    problems = found_in(tmp_path, body(), data="x = '" + "a" * 5_000 + "'")
    assert [(problem.code, problem.file) for problem in problems] == [("MODULE_NOT_EXAMINED", "data.py")]
