"""Runs cases of QuantConnect LEAN through the engine and compares, figure by figure and order by order.

python tests/fidelity/lean.py [--cases FILE] [--data DIR] [--only NAME] [--mode auto|trace|own|both] [--json]

FILE is a list of cases as in ../shared/fidelity/cases.json; DIR is what their `data_files` are relative to. A case that
has a strategy of its own here is run by that, every other one from its trace; `--mode both` runs both ways where there
are two. Exit code 0: no difference but those that waivers.txt lists; 1: a difference; 2: wrong usage, or a file that
can't be used.
"""

import argparse
import json
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fidelity.cases import BadCaseError, Case, Unreadable, read_file
from tests.fidelity.catalogs import Catalogs
from tests.fidelity.comparing import Line, compare
from tests.fidelity.naming import with_our_names
from tests.fidelity.running import RunFailedError, has_own_logic, run_own, run_trace

SHARED = Path(__file__).resolve().parents[3] / "shared"
MODES = ("auto", "trace", "own", "both")


def main(arguments: Sequence[str] | None = None, *, in_process: bool = False) -> int:
    """The command; `in_process` runs the strategies in this process, for tests."""
    options = _options(arguments)
    try:
        cases = read_file(options.cases)
        if not options.data.is_dir():
            raise BadCaseError(f"--data: there is no folder {options.data}")
        chosen = [case for case in cases if not options.only or case.name in options.only]
        if not chosen:
            raise BadCaseError(f"--only: no case of {options.cases} has that name")
    except BadCaseError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    done: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="fidelity-") as folder:
        catalogs = Catalogs(options.data, Path(folder) / "catalogs")
        for case in chosen:
            if isinstance(case, Unreadable):
                done.append(_unreadable(case))
                if not options.json:
                    print(describe(done[-1]))
                continue
            for mode in _modes(case, options.mode):
                result = run_case(case, mode, catalogs, Path(folder) / f"{len(done)}", in_process=in_process)
                done.append(result)
                if not options.json:
                    print(describe(result))
    equal = sum(result["equal"] for result in done)
    waived = sum(result["passes"] and not result["equal"] for result in done)
    if options.json:
        print(json.dumps({"runs": done, "equal": equal, "waived": waived, "different": len(done) - equal - waived}))
    else:
        print(f"{len(done)} runs: {equal} equal, {waived} waived, {len(done) - equal - waived} different")
    return 0 if equal + waived == len(done) else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests/fidelity/lean.py", description="Compare with LEAN's published results")
    parser.add_argument("--cases", type=Path, default=SHARED / "fidelity" / "cases.json", help="the file of cases")
    parser.add_argument("--data", type=Path, default=SHARED, help="what the cases' data_files are relative to")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this case (may be given several times)")
    parser.add_argument("--mode", choices=MODES, default="auto", help="by the trace, by own logic, or both")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    return parser.parse_args(arguments)


def _modes(case: Case, mode: str) -> list[str]:
    if mode in ("own", "both", "auto") and has_own_logic(case):
        return ["trace", "own"] if mode == "both" else ["own"]
    return [] if mode == "own" else ["trace"]


def run_case(case: Case, mode: str, catalogs: Catalogs, folder: Path, *, in_process: bool = False) -> dict[str, Any]:
    """Run one case one way. What can't be run is a difference, with the reason."""
    result: dict[str, Any] = {"name": case.name, "mode": mode, "settings": case.settings, "notes": list(case.notes)}
    try:
        run, catalog = run_own if mode == "own" else run_trace, catalogs.of(case)
        case = with_our_names(case, catalog.instruments)
        outcome = run(case, catalog, folder, in_process=in_process)
        lines = compare(case, outcome)
    except (BadCaseError, RunFailedError) as error:
        return result | {"error": str(error), "lines": [], "equal": False, "passes": False}
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        return result | {"error": text, "lines": [], "equal": False, "passes": False}
    return result | {
        "figures": outcome.figures,
        "refused": outcome.refused,
        "remarks": _remarks(case) if mode == "trace" else [],
        "lines": [_as_json(line) for line in lines],
        "equal": all(line.equal for line in lines),
        "passes": all(line.passes for line in lines),
    }


def _unreadable(case: Unreadable) -> dict[str, Any]:
    failed = {"error": case.reason, "lines": [], "equal": False, "passes": False}
    return {"name": case.name, "mode": "trace", "settings": {}, "notes": [], **failed}


def _remarks(case: Case) -> list[str]:
    """What of a trace no strategy on the SDK can do."""
    return [
        f"order {order['n']} was cancelled by the algorithm at a time that the trace does not tell; the SDK can cancel "
        "all limit orders of a symbol and nothing else, so the order is left alone"
        for order in case.trace
        if order.get("status") == "canceled" and str(order["tif"]) == "GTC"
    ]


def _as_json(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "expected": line.expected,
        "actual": line.actual,
        "equal": line.equal,
        "waived": line.waived,
    }


def describe(result: dict[str, Any]) -> str:
    """One run as text."""
    mark = "=" if result["equal"] else "~" if result["passes"] else "X"
    settings = "".join(f", {name} {value}" for name, value in result["settings"].items())
    text = [f"{mark} {result['name']} (by {'its trace' if result['mode'] == 'trace' else 'its own logic'}{settings})"]
    if "error" in result:
        text.append(f"    could not be run: {result['error']}")
    for line in result["lines"]:
        sign = "=" if line["equal"] else "~" if line["waived"] else "X"
        text.append(f"  {sign} {line['name']}: expected {line['expected']}")
        text.append(f"    {' ' * len(line['name'])}    actual {line['actual']}")
        if line["waived"]:
            text.append(f"    waived: {line['waived']}")
    text += [f"    not an order: {each}" for each in result.get("refused", [])]
    text += [f"    remark: {each}" for each in result.get("remarks", [])]
    return "\n".join(text)


if __name__ == "__main__":
    sys.exit(main())
