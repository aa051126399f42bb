"""What can be wrong with a bundle or a config, as values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

type JsonPath = tuple[str | int, ...]
"""Keys and indices from the top of a JSON document down to one value."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_-]*", re.ASCII)

CODES = {
    "BUNDLE_NOT_FOUND": "the path is no folder that can be read",
    "FILE_MISSING": "`strategy.py` or `config_schema.json` is not in the folder",
    "FILE_EMPTY": "a required file holds nothing",
    "FILE_NAME": "a helper's name does not match `[a-zA-Z0-9_-][a-zA-Z0-9_.-]*\\.py`, is too long, or hides the SDK",
    "FILE_TOO_LARGE": "a file is larger than 10 MB, or the bundle than 50 MB",
    "FILE_COUNT": "more than 48 helper modules",
    "FILE_KIND": "a file is a link, a pipe or a device",
    "FILE_UNREADABLE": "the system refuses to read a file",
    "ARCHIVE_INVALID": "an archive of a bundle is no ZIP archive that can be read",
    "ARCHIVE_TOO_LARGE": "an archive has more members or bytes than a bundle can have",
    "ARCHIVE_MEMBER": "an archive holds something else than the plain files of one bundle",
    "FILE_NOT_UTF8": "a file is not UTF-8 text",
    "FOLDER_IGNORED": "warning: Python files in a subfolder are not part of the bundle",
    "MODULE_NOT_PARSED": "a Python file does not parse",
    "MODULE_NOT_EXAMINED": "warning: the Python files together are too large to be looked through",
    "STRATEGY_MISSING": "`strategy.py` defines no class named `Strategy`",
    "STRATEGY_BASE": "`Strategy` does not extend `StrategyBase`",
    "STRATEGY_INIT": "`Strategy.__init__` does not take `(self, data_coordinator, config)`",
    "HOOK_MISSING": "`on_start` is not implemented",
    "HOOK_NOT_ASYNC": "a handler is not an `async def`",
    "HOOK_ARGUMENTS": "a handler takes the wrong number of arguments",
    "HOOK_UNKNOWN": "warning: a method looks like a handler but is none",
    "PARAMETER_NOT_SYMBOL": "`require_symbol` reads a parameter that the schema does not declare as a symbol",
    "PARAMETER_NOT_BAR_TIME_SPAN": "`require_bar_time_span` reads a parameter not declared as a bar time span",
    "PARAMETER_NOT_DECLARED": "warning: a parameter is read that the schema does not declare",
    "PARAMETER_TYPE": "warning: a parameter is read as another type than the schema declares",
    "PARAMETER_MAY_BE_MISSING": "warning: `require_…` reads a parameter that is neither required nor has a default",
    "WALL_CLOCK": "warning: the code reads the wall clock instead of `self.simulation_time`",
    "RANDOMNESS": "warning: the code draws unseeded random numbers",
    "FLOAT_AS_MONEY": "warning: a float stands where a price, a quantity or an amount must be exact",
    "IMPORT_NOT_FOUND": "warning: an import that is neither standard library, SDK nor in the bundle",
    "JSON_SYNTAX": "a JSON document does not parse",
    "JSON_DUPLICATE_KEY": "an object holds the same key twice",
    "JSON_NUMBER": "a number is not finite, or has more digits than a JSON number carries",
    "JSON_TOO_LARGE": "a JSON document is too large or nested too deeply",
    "JSON_TEXT": "a text or a key is not valid Unicode, or a value is none that JSON has",
    "SCHEMA_NOT_OBJECT": 'the top level of the schema is not `"type": "object"`',
    "SCHEMA_DRAFT": "`$schema` names another draft than 7",
    "SCHEMA_INVALID": "a keyword of the schema breaks the rules of JSON Schema, Draft 7",
    "SCHEMA_REFERENCE": "a `$ref` is remote, leads nowhere, or comes back to itself",
    "SCHEMA_TOO_LARGE": "the schema is too large once its references are followed",
    "SCHEMA_PERISCOPE_TYPE": "an `x-periscope-…` keyword is misspelt, misplaced or incomplete",
    "SCHEMA_DEFAULT": "a `default` is not valid for its own property",
    "CONFIG_VALUE": "a value of the config breaks the schema",
    "CONFIG_MISSING": "a required parameter is missing",
    "CONFIG_KEY_UNKNOWN": "a key that the schema does not allow",
    "CONFIG_KEY_NOT_DECLARED": "warning: a key that the schema does not mention",
    "CONFIG_SYMBOL": "a symbol that the catalog does not know",
}
"""Every code, with what it means. Those that begin with `warning` do not make a bundle or a config invalid."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it is, the rule that it breaks with what was found, and how to mend it.

    `line` and `column` count from 1 and are None where the place is no text. `where` names the place in the file's own
    terms: a JSON path, a class, a call.
    """

    code: str
    file: str
    line: int | None
    column: int | None
    where: str
    rule: str
    mend: str

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return f"{place}: {self.where + ': ' if self.where else ''}{self.rule}. {self.mend} [{self.code}]"


def file_problem(code: str, file: str, rule: str, mend: str) -> Problem:
    """A problem of a whole file."""
    return Problem(code, file, None, None, "", rule, mend)


def path_text(path: Sequence[str | int]) -> str:
    """A JSON path as it reads best: `properties.fast.minimum`, `legs[0]`, `["a key"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{shorten(repr(part))}]"
    return text


def shorten(text: str, limit: int = 80) -> str:
    """`text`, cut in the middle of nowhere but marked as such, so that no message grows with hostile input."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def printable(value: object, limit: int = 80) -> str:
    """A JSON value as a message shows it, on one line, free of control characters and of lone surrogates."""
    shown = shorten(value, limit * 2) if isinstance(value, str) else value
    return shorten(repr(shown).encode("utf-8", "backslashreplace").decode("utf-8"), limit)
