"""Everything that can be said about a bundle without running it."""

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from libs.shared_ipc.src.framework.declared import declaration
from periscope.strategies.bundle import SCHEMA_FILE, STRATEGY_FILE, Bundle, bundle_version, decode, read_folder
from periscope.strategies.exact_numbers import inexact_numbers
from periscope.strategies.json_text import read_json
from periscope.strategies.module import Module, parse_module, unknown_imports
from periscope.strategies.problems import CODES, Problem, file_problem, printable
from periscope.strategies.schema import BAR_TIME_SPAN, SYMBOL, check_schema, periscope_type, property_names
from periscope.strategies.schema_walk import Schema
from periscope.strategies.strategy_class import strategy_problems

MAX_EXAMINED_BYTES = 2_000_000
"""A parsed file takes some hundred times its size in memory."""

_WALL_CLOCK = {
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "time.gmtime",
    "time.localtime",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.sleep",
    "time.time",
    "time.time_ns",
}
_RANDOM_MODULES = ("random.", "secrets.", "numpy.random.")
_RANDOM = {"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4"}
_SEEDED = {"random.Random", "numpy.random.default_rng", "numpy.random.Generator", "numpy.random.SeedSequence"}

_JSON_TYPES = {
    "str": {"string"},
    "int": {"integer"},
    "decimal": {"integer", "number", "string"},
    "bool": {"boolean"},
}
"""What JSON types a parameter may be declared with to be read by each extractor."""

_DECLARED_AS = {
    "symbol": (SYMBOL, "PARAMETER_NOT_SYMBOL"),
    "bar_time_span": (BAR_TIME_SPAN, "PARAMETER_NOT_BAR_TIME_SPAN"),
}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found. `bundle` is there exactly when there are no problems; warnings do not prevent a run."""

    problems: list[Problem]
    warnings: list[Problem]
    bundle: Bundle | None


def check_bundle(path: Path, packages: Collection[str] = ()) -> CheckResult:
    """Read a strategy's folder and name every problem that publishing it would find. No code of it is run.

    `packages` are modules that the operator lets strategies import.
    """
    folder = read_folder(path)
    findings = [*folder.problems, *folder.warnings]
    schema, schema_findings = _read_schema(folder.files)
    findings += schema_findings
    modules, module_findings = _parse_all(folder.files)
    findings += module_findings
    if STRATEGY_FILE in modules:
        findings += strategy_problems(modules)
    importable = {name.removesuffix(".py") for name in folder.files}.union(packages)
    for module in modules.values():
        if schema is not None:
            findings += _parameter_reads(module, schema)
        findings += _clock_and_chance(module)
        findings += inexact_numbers(module)
        findings += unknown_imports(module, importable)
    problems = [each for each in findings if not is_warning(each)]
    warnings = [each for each in findings if is_warning(each)]
    if problems or schema is None:
        return CheckResult(problems, warnings, None)
    bundle = Bundle(path, folder.files, schema, bundle_version(folder.files))
    return CheckResult([], warnings, bundle)


def is_warning(problem: Problem) -> bool:
    """Whether a finding leaves the bundle valid."""
    return CODES[problem.code].startswith("warning")


def _read_schema(files: Mapping[str, bytes]) -> tuple[Schema | None, list[Problem]]:
    if not files.get(SCHEMA_FILE, b"").strip():
        return None, []
    text = decode(files, SCHEMA_FILE)
    if isinstance(text, Problem):
        return None, [text]
    document, problems = read_json(text, SCHEMA_FILE)
    if document is None or problems:
        return None, problems
    return check_schema(document)


def _parse_all(files: Mapping[str, bytes]) -> tuple[dict[str, Module], list[Problem]]:
    """The files that parse, the strategy's own first, as far as they are not too large together."""
    modules: dict[str, Module] = {}
    problems: list[Problem] = []
    examined = 0
    for name in sorted(files, key=lambda each: (each != STRATEGY_FILE, each)):
        if not name.endswith(".py") or not files[name].strip():
            continue
        examined += len(files[name])
        if examined > MAX_EXAMINED_BYTES:
            rule = f"expected at most {MAX_EXAMINED_BYTES:,} bytes of Python in all, so that it can be looked through"
            problems.append(file_problem("MODULE_NOT_EXAMINED", name, rule, "Keep data out of Python files."))
            break
        text = decode(files, name)
        parsed = text if isinstance(text, Problem) else parse_module(name, text)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            modules[name] = parsed
    return modules, problems


def _parameter_reads(module: Module, schema: Schema) -> Iterator[Problem]:
    """Reads such as `require_symbol(config, "ticker")` of parameters that the schema declares otherwise."""
    for call in module.calls():
        name = (module.dotted(call.func) or "").rpartition(".")[2]
        mode, _, kind = name.partition("_")
        key = _literal_key(call)
        if mode not in {"require", "optional"} or key is None or kind not in {*_JSON_TYPES, *_DECLARED_AS}:
            continue
        declared = declaration(schema, key)
        where = f'{name}(config, "{key}")'
        if kind in _DECLARED_AS:
            wanted, code = _DECLARED_AS[kind]
            if periscope_type(declared) != wanted:
                yield module.problem(code, call, where, *_declare_as(key, wanted, declared))
                continue
        elif declared is None:
            rule = f"expected a parameter that {SCHEMA_FILE} declares, found none named {printable(key)}"
            yield module.problem("PARAMETER_NOT_DECLARED", call, where, rule, f"Declare it in {SCHEMA_FILE}.")
        elif isinstance(declared.get("type"), str) and declared["type"] not in _JSON_TYPES[kind]:
            rule = f'expected a parameter that can be read so, found it declared with "type": "{declared["type"]}"'
            yield module.problem("PARAMETER_TYPE", call, where, rule, "Change the type, or read it with another one.")
        if mode == "require" and declared is not None and _may_be_missing(schema, key, declared):
            rule = "expected a parameter that is required or has a default, found one that may be left out"
            mend = f'Add "{key}" to "required", give it a "default", or read it with optional_{kind}.'
            yield module.problem("PARAMETER_MAY_BE_MISSING", call, where, rule, mend)


def _literal_key(call: ast.Call) -> str | None:
    """The key that a call reads from the whole config, where it stands there as a text."""
    if call.args and isinstance(call.args[0], ast.Subscript | ast.Call):
        return None  # reads from a part of the config
    named = next((keyword.value for keyword in call.keywords if keyword.arg == "key"), None)
    node = call.args[1] if len(call.args) > 1 else named
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _declare_as(key: str, wanted: str, declared: Schema | None) -> tuple[str, str]:
    found = "no such parameter" if declared is None else f"one declared as {periscope_type(declared) or 'neither'}"
    rule = f'expected a parameter declared with "x-periscope-type": "{wanted}" in {SCHEMA_FILE}, found {found}'
    extra = ', "x-periscope-asset-type": "EQUITY", "type": "string"' if wanted == SYMBOL else ', "enum": ["minute"]'
    return rule, f'Declare "{key}": {{"x-periscope-type": "{wanted}"{extra}}}.'


def _may_be_missing(schema: Schema, key: str, declared: Schema) -> bool:
    required = schema.get("required")
    return "default" not in declared and not (isinstance(required, list) and key in required)


def _clock_and_chance(module: Module) -> Iterator[Problem]:
    for call in module.calls():
        name = module.dotted(call.func)
        if name is None or name.partition(".")[0] not in {each.partition(".")[0] for each in module.names.values()}:
            continue
        if name in _WALL_CLOCK:
            rule = "reads or waits for the wall clock, so the run can't be repeated"
            yield module.problem("WALL_CLOCK", call, f"{name}()", rule, "Use self.simulation_time and timers.")
        elif name in _SEEDED and (call.args or call.keywords):
            continue
        elif name in _RANDOM or name.startswith(_RANDOM_MODULES):
            rule = "draws numbers that differ from run to run, so the run can't be repeated"
            yield module.problem("RANDOMNESS", call, f"{name}()", rule, "Use random.Random(seed) with a fixed seed.")


def parameter_names(bundle: Bundle) -> list[str]:
    """The names of a bundle's parameters, in the order in which its schema lists them."""
    return property_names(bundle.schema)
