"""Calls that are banned, each with what to use instead."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.source import ALLOWED, ROOT, Source, allowed, dotted, source_of, sources

CLOCK = "the simulation time that is handed in; only files named in allowed.toml may read a real clock"
RANDOM = "a seeded generator that is handed in, or an id derived from the run's seed"
DECODER = "msgspec or json, typed decoding"

BANNED: dict[str, tuple[str, str]] = {
    "datetime.datetime.now": ("clock", CLOCK),
    "datetime.datetime.utcnow": ("clock", CLOCK),
    "datetime.datetime.today": ("clock", CLOCK),
    "datetime.date.today": ("clock", CLOCK),
    "time.time": ("clock", CLOCK),
    "time.time_ns": ("clock", CLOCK),
    "time.monotonic": ("clock", CLOCK),
    "time.monotonic_ns": ("clock", CLOCK),
    "time.perf_counter": ("clock", CLOCK),
    "time.perf_counter_ns": ("clock", CLOCK),
    "time.sleep": ("clock", CLOCK),
    "time.localtime": ("clock", CLOCK),
    "random": ("randomness", RANDOM),
    "secrets": ("randomness", RANDOM),
    "numpy.random": ("randomness", RANDOM),
    "os.urandom": ("randomness", RANDOM),
    "uuid.uuid1": ("randomness", RANDOM),
    "uuid.uuid4": ("randomness", RANDOM),
    "pickle": ("pickle", DECODER),
    "marshal": ("pickle", DECODER),
    "shelve": ("pickle", DECODER),
    "eval": ("evaluation", "json, or a table of functions"),
    "exec": ("evaluation", "importlib, in the strategy's own process"),
    "os.system": ("shell", "subprocess.run with a list of arguments"),
    "os.popen": ("shell", "subprocess.run with a list of arguments"),
}
RULES = {rule for rule, _ in BANNED.values()}
MONEY_ROOMS = ("execution", "portfolio", "engine")

ours = sources("libs", "periscope")


def _banned_name(name: str) -> str | None:
    return next((banned for banned in BANNED if name == banned or name.startswith(banned + ".")), None)


def uses_of_banned(source: Source) -> Iterator[tuple[str, int, str]]:
    """(rule, line, message) of each banned name that a file imports or uses."""
    names = source.names()
    found = {(name, line) for name, line in source.imports}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            found.add((dotted(node, names), node.lineno))
    for name, line in sorted(found, key=lambda item: item[1]):
        banned = _banned_name(name)
        if banned is not None:
            rule, instead = BANNED[banned]
            yield rule, line, f"{source.path}:{line} {name}: use {instead}"


def _is_a_span_of_time(node: ast.AST) -> bool:
    if isinstance(node, ast.arg):
        return node.arg.endswith("seconds")
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.target).endswith("seconds")


def uses_of_float(source: Source) -> Iterator[str]:
    """Each place where a money module names `float` or writes a fraction, save for names that end in `seconds`."""
    nodes = list(ast.walk(source.tree))
    spans_of_time = {id(part) for node in nodes if _is_a_span_of_time(node) for part in ast.walk(node)}
    for node in nodes:
        if id(node) in spans_of_time:
            continue
        if isinstance(node, ast.Name) and node.id == "float":
            yield f"{source.path}:{node.lineno} float: use Decimal, or scaled integers"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{source.path}:{node.lineno} {node.value!r}: write a Decimal"


def test_no_clock_no_chance_no_pickle() -> None:
    wrong = [text for source in ours for rule, _, text in uses_of_banned(source) if not allowed(rule, source.path)]
    assert not wrong, "\n".join(wrong)


def test_no_float_touches_money() -> None:
    money = [source for source in ours if source.room in MONEY_ROOMS and not allowed("float", source.path)]
    wrong = [text for source in money for text in uses_of_float(source)]
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_prints() -> None:
    wrong = [
        f"{source.path}:{node.lineno} print: return a value, or write to a stream that is handed in"
        for source in ours
        if source.room != "cli" and not allowed("print", source.path)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not wrong, "\n".join(wrong)


def test_no_allowance_outlives_its_need() -> None:
    stale = []
    for rule, files in ALLOWED.items():
        for path, reason in files.items():
            assert reason, f"{path} needs a reason in [{rule}]"
            source = source_of(path)
            if not (ROOT / path).exists():
                stale.append(f"{path} does not exist")
            elif rule == "float" and not list(uses_of_float(source)):
                stale.append(f"{path} uses no float")
            elif rule in RULES and rule not in {used for used, _, _ in uses_of_banned(source)}:
                stale.append(f"{path} needs no [{rule}]")
    assert not stale, "take it out of allowed.toml: " + "; ".join(stale)


def test_the_check_finds_what_it_looks_for(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text(
        "import time as clock\nfrom datetime import datetime as dt\nimport numpy as np\n"
        "clock.monotonic(); dt.now(); np.random.default_rng(1)\nx: float = 0.5\n"
    )
    written = Source(str(tmp_path / "x.py"))
    assert {text.split(" ")[1] for _, _, text in uses_of_banned(written)} == {
        "time.monotonic:",
        "datetime.datetime.now:",
        "numpy.random:",
        "numpy.random.default_rng:",
    }
    assert len(list(uses_of_float(written))) == 2
