"""Floats where the SDK wants exact numbers, found by reading the code."""

import ast
from collections.abc import Iterator

from periscope.strategies.module import Module, source_of
from periscope.strategies.problems import Problem

_MONEY_FIELDS = {
    "PlaceOrderAction": ("contract_quantity", "limit_price", "stop_price"),
    "InsertCashAction": ("amount",),
    "WithdrawCashAction": ("amount",),
}
"""The exact fields of each action, by keyword."""
_FIRST_POSITION = {"PlaceOrderAction": 4, "InsertCashAction": 0, "WithdrawCashAction": 0}
"""The place of the first of them among positional arguments."""


def inexact_numbers(module: Module) -> Iterator[Problem]:
    """Floats as prices, quantities or amounts of an action, and decimals made of a float's binary digits."""
    for call in module.calls():
        name = (module.dotted(call.func) or "").rpartition(".")[2]
        if name in _MONEY_FIELDS:
            for where, node in _money_arguments(name, call):
                if _is_float(module, node):
                    rule = f"expected a Decimal, found the float {source_of(node)}"
                    yield module.problem("FLOAT_AS_MONEY", node, where, rule, 'Write Decimal("0.1"), not 0.1.')
        elif module.dotted(call.func) == "decimal.Decimal" and len(call.args) == 1 and _is_float(module, call.args[0]):
            rule = "expected a text or a whole number, found a float: all its binary digits count"
            yield module.problem(
                "FLOAT_AS_MONEY", call, source_of(call), rule, 'Write Decimal("0.1"), not Decimal(0.1).'
            )


def _money_arguments(name: str, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    fields = _MONEY_FIELDS[name]
    for place, node in enumerate(call.args[_FIRST_POSITION[name] :][: len(fields)]):
        yield f"{name}({fields[place]})", node
    for keyword in call.keywords:
        if keyword.arg in fields:
            yield f"{name}({keyword.arg})", keyword.value


def _is_float(module: Module, node: ast.expr) -> bool:
    """Whether an expression is a float wherever it stands: a literal, `float(…)`, or arithmetic with either."""
    match node:
        case ast.Constant():
            return isinstance(node.value, float)
        case ast.UnaryOp():
            return _is_float(module, node.operand)
        case ast.BinOp():
            return _is_float(module, node.left) or _is_float(module, node.right)
        case ast.Call():
            return module.dotted(node.func) == "float"
    return False
