"""What goes wrong in the user's code: the issue's code, the user's file and line, the exit code."""

from collections import Counter
from pathlib import Path

import pytest

from tests.runs.lab import Lab, Ran, future, line_of, walk
from tests.sandbox.sources import START, handler

FAST = {"limits": {"handler_seconds": 2, "start_seconds": 5}}


def check(
    lab: Lab, source: str, code: str, function: str | None, *, exit_code: int = 4, status: str = "error"
) -> tuple[Ran, Path]:
    """Run the strategy; its fault must be told as said, at the line marked HERE (where `function` is not None)."""
    folder = lab.bundle(source)
    ran = lab.run(folder, core=FAST)
    assert (ran.document["status"], ran.exit_code) == (status, exit_code), ran.document["issues"]
    issue = ran.document["issues"][0]
    assert (issue["code"], issue["component"], issue["classification"]) == (code, "strategy", "user_error"), issue
    expected = {"file": "strategy.py", "line": line_of(folder), "function": function} if function else None
    assert issue["location"] == expected
    return ran, folder


HOOKS = ("on_bar", "on_timer", "on_order_update", "on_stop")


@pytest.mark.parametrize("hook", HOOKS)
def test_an_exception_in_a_handler(lab: Lab, hook: str) -> None:
    source = handler(hook, "self.fail()") + "    def fail(self):\n        raise ValueError('on purpose')  # HERE\n"
    ran, _ = check(lab, source, "STRATEGY_EXCEPTION", "fail")
    issue = ran.issue("STRATEGY_EXCEPTION")
    assert "ValueError: on purpose" in issue["message"]
    assert hook in issue["message"]
    assert any("raise ValueError('on purpose')" in line["line"] for line in ran.logs)


def test_an_exception_in_on_start(lab: Lab) -> None:
    source = "class Strategy(Base):\n    async def on_start(self, t):\n        raise KeyError(t)  # HERE\n"
    ran, _ = check(lab, source, "STRATEGY_EXCEPTION", "on_start")
    assert ran.issue("STRATEGY_EXCEPTION")["first"] == "2024-01-22T14:30:00Z"


def test_an_exception_in_init(lab: Lab) -> None:
    source = "class Strategy(Base):\n    def __init__(self, data, config):\n        1 / 0  # HERE\n"
    check(lab, source + "    async def on_start(self, t):\n        return []\n", "STRATEGY_EXCEPTION", "__init__")


def test_an_exception_while_importing(lab: Lab) -> None:
    check(lab, "raise RuntimeError('import')  # HERE\n" + START, "STRATEGY_EXCEPTION", "<module>")


def test_an_exception_in_a_helper_names_the_helper(lab: Lab) -> None:
    folder = lab.bundle(
        handler("on_bar", "import sums\nreturn sums.add()"), {"sums.py": "def add():\n    return 1 / 0\n"}
    )
    location = lab.run(folder).issue("STRATEGY_EXCEPTION")["location"]
    assert location == {"file": "sums.py", "line": 2, "function": "add"}


def test_an_expiration_handler_fails(lab: Lab) -> None:
    lab.add(future("XXF4", "12:00"), minute=walk("09:30", 20))
    source = "class Strategy(Base):\n    async def on_start(self, t):\n        return [register('XXF4', FUTURE)]\n"
    ran, _ = check(
        lab,
        source + "    async def on_expiration(self, event):\n        raise OSError(event.symbol)  # HERE\n",
        "STRATEGY_EXCEPTION",
        "on_expiration",
    )
    assert ran.issue("STRATEGY_EXCEPTION")["first"] == "2024-01-22T17:00:00Z"


RAISED = {
    "text that fails": "class Odd(Exception):\n    def __str__(self):\n        raise ValueError\nraise Odd  # HERE",
    "text that no message can hold": "raise ValueError('\\ud800')  # HERE",
    "a long text": "raise ValueError('x' * 3_000_000)  # HERE",
    "keyboard interrupt": "raise KeyboardInterrupt  # HERE",
    "generator exit": "raise GeneratorExit  # HERE",
    "stop iteration": "next(iter([]))  # HERE",
    "out of memory": "raise MemoryError  # HERE",
    "a real lack of memory": "x = bytearray(1 << 60)  # HERE",
    "an exception group": "raise ExceptionGroup('two', [ValueError(), TypeError()])  # HERE",
    "no traceback": "raise ValueError('x').with_traceback(None)  # HERE",
    "a wrong field": "return [InsertCashAction(1.5)]  # HERE",
    "a naive time": "await self.data.get_front_month_contract_by_volume('XX', datetime(2024, 1, 2))  # HERE",
    "a time to come": (
        "await self.data.get_front_month_contract_by_volume('XX', self.simulation_time + timedelta(days=1))  # HERE"
    ),
    "a root that is no text": "await self.data.get_front_month_contract_by_volume(5)  # HERE",
    "a root without data": "await self.data.get_front_month_contract_by_volume('NOPE')  # HERE",
    "a root that is too long": "await self.data.get_front_month_contract_by_volume('A' * 2_000_000)  # HERE",
    "a root that no message can hold": "await self.data.get_front_month_contract_by_volume('\\ud800')  # HERE",
    "an asset type that is none": "await self.data.get_position_by_symbol('AAA', 'EQUITY')  # HERE",
    "an event loop that is not there": "import asyncio\nawait asyncio.sleep(1)  # HERE",
}


@pytest.mark.parametrize("name", RAISED)
def test_whatever_is_raised_is_told(lab: Lab, name: str) -> None:
    code = "MEMORY_LIMIT" if "memory" in name else "STRATEGY_EXCEPTION"
    check(lab, handler("on_bar", RAISED[name]), code, "on_bar")


def test_deep_recursion(lab: Lab) -> None:
    source = handler("on_bar", "return self.deeper()") + "    def deeper(self):\n        return self.deeper()  # HERE\n"
    ran, _ = check(lab, source, "STRATEGY_EXCEPTION", "deeper")
    assert "RecursionError" in ran.issue("STRATEGY_EXCEPTION")["message"]


def test_a_text_that_does_not_parse_at_run_time_is_an_exception(lab: Lab) -> None:
    source = "class Strategy(Base):\n    def __init__(self, data, config):\n        compile('(', 'x', 'exec')  # HERE\n"
    check(lab, source + "    async def on_start(self, t):\n        return []\n", "STRATEGY_EXCEPTION", "__init__")


def test_a_helper_that_does_not_parse(lab: Lab) -> None:
    folder = lab.bundle("import broken\n" + START, {"broken.py": "x = 1\ndef f(:\n"})
    ran = lab.run(folder)
    assert (ran.document["status"], ran.exit_code, ran.codes[0]) == ("error", 3, "BUNDLE_INVALID")
    assert ran.document["issues"][0]["location"]["file"] == "broken.py"
    assert ran.document["issues"][0]["location"]["line"] == 2


RETURNED = {
    "nothing": "None",
    "a tuple": "(cash(1),)",
    "a list of text": "['buy']",
    "a dict": "{'a': 1}",
    "an action": "cash(1)",
    "a request": "[BarRegistrationRequest('AAA', EQUITY, Span.DAY)]",
    "a number": "0",
    "false": "False",
    "a generator": "(cash(n) for n in range(3))",
    "something without a text": "type('Odd', (), {'__repr__': lambda self: 1 / 0})()",
}


@pytest.mark.parametrize(
    ("hook", "name"),
    [("on_bar", name) for name in RETURNED]
    + [("on_timer", "nothing"), ("on_order_update", "a dict"), ("on_start", "a list of text")]
    + [pytest.param("on_start", name, marks=pytest.mark.full) for name in RETURNED if name != "a list of text"],
)
def test_a_wrong_return(lab: Lab, hook: str, name: str) -> None:
    if hook == "on_start":
        source = f"class Strategy(Base):\n    async def on_start(self, t):  # HERE\n        return {RETURNED[name]}\n"
    else:
        source = handler(hook, f"return {RETURNED[name]}").replace(
            f"{hook}(self, event):", f"{hook}(self, event):  # HERE"
        )
    ran, _ = check(lab, source, "INVALID_ACTIONS", hook)
    assert hook in ran.issue("INVALID_ACTIONS")["message"]
    assert len(ran.document["cash_flows"]) == (hook != "on_start"), "actions of the failing handler are not applied"


ACTIONS = {
    "a symbol that no message can hold": "order('BUY', 1, symbol='\\ud800')",
    "a symbol that is too long": "order('BUY', 1, symbol='A' * 2_000_000)",
}


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_that_cannot_be_sent(lab: Lab, name: str) -> None:
    source = handler("on_bar", f"return [{ACTIONS[name]}]").replace(
        "on_bar(self, event):", "on_bar(self, event):  # HERE"
    )
    check(lab, source, "INVALID_ACTIONS", "on_bar")


REFUSED = {
    "order('BUY', 'NaN')": "QUANTITY_NOT_POSITIVE",
    "order('BUY', 'sNaN')": "QUANTITY_NOT_POSITIVE",
    "order('BUY', 'Infinity')": "QUANTITY_NOT_POSITIVE",
    "order('BUY', '1E16')": "QUANTITY_NOT_POSITIVE",
    "order('BUY', '9999999999999999999999999999E15')": "OUT_OF_CASH",
    "order('SELL', '9999999999999999999999999999E15')": "OUT_OF_CASH",
    "limit('BUY', '9999999999999999999999999999E15', '9999999999999999999999999999E15')": "OUT_OF_CASH",
    "limit('BUY', 1, '-Infinity')": "PRICE_NOT_POSITIVE",
    "order('BUY', '1E-12')": "QUANTITY_OFF_STEP",
    "cash('Infinity')": "CASH_AMOUNT_NOT_POSITIVE",
    "cash('1E15')": "CASH_AMOUNT_TOO_LARGE",
    "cash('99999900000.01')": "CASH_AMOUNT_TOO_LARGE",
    "cash('1E-13')": "CASH_AMOUNT_NOT_POSITIVE",
    "WithdrawCashAction(D('NaN'))": "CASH_AMOUNT_NOT_POSITIVE",
    "WithdrawCashAction(D('9999999999999999999999999999E15'))": "WITHDRAWAL_EXCEEDS_FREE_CASH",
    "RegisterTimeStepAction(float('inf'))": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(float('nan'))": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(1e300)": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(10**400)": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(0)": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(-1)": "TIMER_STEP_INVALID",
    "RegisterTimeStepAction(0.0009)": "TIMER_STEP_INVALID",
}


@pytest.mark.parametrize(
    "actions", [tuple(REFUSED), *(pytest.param((action,), marks=pytest.mark.full, id=action) for action in REFUSED)]
)
def test_a_number_that_makes_no_sense_is_refused_alone(lab: Lab, actions: tuple[str, ...]) -> None:
    """Each at a bar of its own, after which the run goes on; and with `--full` each in a run of its own."""
    texts = ", ".join(f"lambda: {action}" for action in actions)
    body = f"""\
self.bars += 1
makers = [{texts}]
return [makers[self.bars - 5](), cash(7)] if 5 <= self.bars < 5 + len(makers) else []"""
    ran = lab.run(handler("on_bar", body), core=FAST)
    assert (ran.document["status"], ran.document["bars"]) == ("complete", 390), ran.document["issues"]
    found = {issue["code"]: issue["count"] for issue in ran.document["issues"] if issue["code"] != "NO_ORDERS_PLACED"}
    assert found == Counter(REFUSED[action] for action in actions)
    assert [flow["amount"] for flow in ran.document["cash_flows"]] == ["100000", *["7"] * len(actions)]


def test_too_many_actions(lab: Lab) -> None:
    source = handler("on_bar", "return [cash(1)] * 1001").replace(
        "on_bar(self, event):", "on_bar(self, event):  # HERE"
    )
    ran, _ = check(lab, source, "TOO_MANY_ACTIONS", "on_bar")
    issue = ran.issue("TOO_MANY_ACTIONS")
    assert "1001" in issue["message"]
    assert issue["first"] == "2024-01-22T14:31:00Z"
    assert len(ran.document["cash_flows"]) == 1


def test_as_many_actions_as_are_allowed(lab: Lab) -> None:
    ran = lab.run(handler("on_bar", "self.bars += 1\nreturn [cash(1)] * 1000 if self.bars == 1 else []"))
    assert (ran.document["status"], len(ran.document["cash_flows"])) == ("complete", 1001)


def test_orders_that_answer_each_other_for_ever(lab: Lab) -> None:
    ran = lab.run(
        handler("on_order_update", "return [order('SELL', 5000)]"), core={"limits": {"events_per_instant": 300}}
    )
    assert (ran.document["status"], ran.exit_code) == ("error", 4)
    issue = ran.issue("TOO_MANY_EVENTS_PER_INSTANT")
    assert (issue["classification"], issue["first"]) == ("user_error", "2024-01-22T14:30:00Z")


def test_a_handler_that_is_not_async(lab: Lab) -> None:
    source = START + "    def on_bar(self, event):  # HERE\n        return []\n"
    folder = lab.bundle(source)
    ran = lab.run(folder)
    assert (ran.exit_code, ran.codes) == (3, ["BUNDLE_INVALID"])
    assert ran.document["issues"][0]["location"]["line"] == line_of(folder)


def test_a_handler_that_becomes_something_else(lab: Lab) -> None:
    source = START.replace(
        "class Strategy(Base):",
        "class Strategy(Base):\n    def __init__(self, data, config):\n        self.on_bar = lambda event: []  # HERE",
    )
    check(lab, source, "STRATEGY_EXCEPTION", "<lambda>")
