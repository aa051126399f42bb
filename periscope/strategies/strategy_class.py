"""The shape of the class `Strategy`: what it extends, how it is made, its handlers. Read, never run."""

import ast
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from periscope.strategies.bundle import STRATEGY_FILE
from periscope.strategies.module import Module, source_of
from periscope.strategies.problems import Problem, file_problem

type Function = ast.FunctionDef | ast.AsyncFunctionDef

BASE = "StrategyBase"
HOOKS = {
    "on_start": "as_of_time",
    "on_bar": "event",
    "on_quote": "event",
    "on_timer": "event",
    "on_expiration": "event",
    "on_order_update": "event",
    "on_stop": "",
}
"""Each handler with the argument that it takes beside self."""

_SIGNATURE = "def __init__(self, data_coordinator: DataCoordinator, config: dict[str, JSONValue])"


@dataclass(frozen=True, slots=True)
class _Found:
    """A class together with the file that it stands in."""

    module: Module
    node: ast.ClassDef


def strategy_problems(modules: Mapping[str, Module]) -> Iterator[Problem]:
    """Problems and warnings of the class `Strategy`; `modules` are the parsed files by name."""
    module = modules[STRATEGY_FILE]
    node = module.classes().get("Strategy")
    if node is None:
        near = difflib.get_close_matches("Strategy", module.classes(), 1, 0.3)
        mend = f"Rename the class {near[0]}." if near else f"Write class Strategy({BASE})."
        rule = "expected a class named exactly Strategy, found none"
        yield file_problem("STRATEGY_MISSING", STRATEGY_FILE, rule, mend)
        return
    lineage, complete = _lineage(_Found(module, node), modules)
    if lineage is None:
        bases = ", ".join(source_of(base) for base in node.bases[:5]) or "nothing"
        rule = f"expected Strategy to extend {BASE}, found that it extends {bases}"
        yield module.problem("STRATEGY_BASE", node, "class Strategy", rule, f"Write class Strategy({BASE}).")
        return
    methods: dict[str, tuple[Module, Function]] = {}
    for found in reversed(lineage):
        methods.update({name: (found.module, method) for name, method in _methods(found.node).items()})
    if complete and not any(each.node.decorator_list for each in lineage):
        yield from _init_problems(lineage[0], methods.get("__init__"))
    if complete and "on_start" not in methods:
        rule = "expected the handler on_start, which every strategy must implement"
        mend = "Write async def on_start(self, as_of_time: datetime) -> list[Action]."
        yield module.problem("HOOK_MISSING", node, "class Strategy", rule, mend)
    for name, (where, method) in methods.items():
        yield from _hook_problems(where, name, method)


def _lineage(start: _Found, modules: Mapping[str, Module]) -> tuple[list[_Found] | None, bool]:
    """The class and its bases inside the bundle, nearest first; None if StrategyBase is not among its ancestors.

    The second value is False where a base comes from elsewhere, so that its methods can't be seen.
    """
    lineage: list[_Found] = []
    waiting, extends, complete = [start], False, True
    while waiting:
        current = waiting.pop(0)
        if any(current.node is each.node for each in lineage):
            continue
        lineage.append(current)
        for base in current.node.bases:
            name = current.module.dotted(base)
            if name is not None and name.rpartition(".")[2] == BASE and name.startswith("libs."):
                extends = True
                continue
            found = _find_class(name, current.module, modules)
            complete = complete and found is not None
            waiting.extend([found] if found is not None else [])
    return (lineage if extends else None), complete


def _find_class(name: str | None, module: Module, modules: Mapping[str, Module]) -> _Found | None:
    if name is None:
        return None
    holder, _, last = name.rpartition(".")
    place = module if not holder else modules.get(f"{holder}.py")
    node = place.classes().get(last) if place is not None else None
    return _Found(place, node) if place is not None and node is not None else None


def _methods(node: ast.ClassDef) -> dict[str, Function]:
    return {each.name: each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def _takes(method: Function, count: int) -> bool:
    """Whether a method can be called with `self` and `count` further positional arguments."""
    arguments = method.args
    positional = len(arguments.posonlyargs) + len(arguments.args)
    required = positional - len(arguments.defaults)
    keyword_only = any(default is None for default in arguments.kw_defaults)
    enough = positional >= count + 1 or arguments.vararg is not None
    return required <= count + 1 and enough and not keyword_only


def _init_problems(found: _Found, init: tuple[Module, Function] | None) -> Iterator[Problem]:
    mend = f"Write {_SIGNATURE}."
    if init is None:
        rule = "expected an __init__ that takes (self, data_coordinator, config), found none"
        yield found.module.problem("STRATEGY_INIT", found.node, "class Strategy", rule, mend)
        return
    module, method = init
    if isinstance(method, ast.AsyncFunctionDef):
        rule = "expected a plain def, found an async def"
        yield module.problem("STRATEGY_INIT", method, "Strategy.__init__", rule, mend)
    elif not _takes(method, 2):
        rule = f"expected (self, data_coordinator, config), found ({source_of(method.args)})"
        yield module.problem("STRATEGY_INIT", method, "Strategy.__init__", rule, mend)


def _hook_problems(module: Module, name: str, method: Function) -> Iterator[Problem]:
    where = f"Strategy.{name}"
    if name not in HOOKS:
        if name.startswith("on_") and (near := difflib.get_close_matches(name, HOOKS, 1)):
            rule = f"{name} looks like a handler, but the platform never calls it"
            yield module.problem("HOOK_UNKNOWN", method, where, rule, f"Did you mean {near[0]}?")
        return
    argument = HOOKS[name]
    expected = f"(self, {argument})" if argument else "(self)"
    if method.decorator_list:
        return
    if not isinstance(method, ast.AsyncFunctionDef):
        rule = "expected an async def, found a plain def"
        yield module.problem("HOOK_NOT_ASYNC", method, where, rule, f"Write async def {name}{expected}.")
    elif any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own_nodes(method)):
        rule = "expected a handler that returns a list, found one that yields"
        yield module.problem("HOOK_NOT_ASYNC", method, where, rule, "Collect the actions in a list and return it.")
    if not _takes(method, 1 if argument else 0):
        rule = f"expected {expected}, found ({source_of(method.args)})"
        yield module.problem("HOOK_ARGUMENTS", method, where, rule, f"Write async def {name}{expected}.")


def _own_nodes(method: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    waiting: list[ast.AST] = [*method.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
