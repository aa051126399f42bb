"""Reads JSON strictly, knows the line of every value, and bounds what a hostile document can cost."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from periscope.strategies.problems import JsonPath, Problem, file_problem, path_text, printable

MAX_DEPTH = 64
MAX_VALUES = 20_000
MAX_CHARACTERS = 500_000

MAX_INTEGER_DIGITS = 400

type JsonObject = dict[str, object]
"""A parsed object. Numbers with a point or an exponent are Decimals, so that nothing was lost yet."""

_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+')


@dataclass(frozen=True, slots=True)
class Place:
    """Line and column, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A parsed object with the place of each of its values; an object's member has the place of its key."""

    file: str
    value: JsonObject
    places: dict[JsonPath, Place]

    def problem(self, code: str, path: JsonPath, rule: str, mend: str) -> Problem:
        """A problem of the value at `path`, at its line or at that of the nearest value above it."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        place = self.places.get(known)
        where = path_text(path) or "the top level"
        return Problem(
            code, self.file, place.line if place else None, place.column if place else None, where, rule, mend
        )


def read_json(text: str, file: str) -> tuple[JsonDocument | None, list[Problem]]:
    """The object in `text` and what is wrong with it; no document where it can't be used at all."""
    value = _parse(text, file)
    if isinstance(value, Problem):
        return None, [value]
    too_large = size_problem(JsonDocument(file, value, {}))
    if too_large is not None:
        return None, [too_large]
    places, duplicates = _scan(text)
    document = JsonDocument(file, value, places)
    problems = [
        Problem("JSON_DUPLICATE_KEY", file, place.line, place.column, path_text(path), _TWICE, "Keep one of the two.")
        for path, place in duplicates
    ]
    return document, problems + value_problems(document)


def _parse(text: str, file: str) -> JsonObject | Problem:
    if len(text) > MAX_CHARACTERS:
        rule = f"expected at most {MAX_CHARACTERS:,} characters, found {len(text):,}"
        return file_problem("JSON_TOO_LARGE", file, rule, "Shorten the document.")
    try:
        value = json.loads(text, parse_float=_number, parse_int=_integer, parse_constant=_constant)
    except json.JSONDecodeError as error:
        rule = f"not valid JSON: {error.msg}"
        return Problem("JSON_SYNTAX", file, error.lineno, error.colno, "", rule, _SYNTAX_MEND)
    except RecursionError:
        return file_problem("JSON_TOO_LARGE", file, "nested too deeply to be read", _DEPTH_MEND)
    except ValueError as error:
        return file_problem("JSON_NUMBER", file, str(error), "Write a finite number of reasonable size.")
    if isinstance(value, dict):
        return value
    rule = f"expected an object at the top level, found {printable(value)}"
    return file_problem("JSON_SYNTAX", file, rule, "Put the whole document between { and }.")


_SYNTAX_MEND = "Mend it there; a comma too many before a closing bracket is the usual cause."
_DEPTH_MEND = f"Nest at most {MAX_DEPTH} levels."
_TWICE = "expected every key once, found this one twice in the same object"


def size_problem(document: JsonDocument) -> Problem | None:
    """Whether a document holds too many values or nests them too deeply to be worked on."""
    for count, (path, _) in enumerate(walk(document.value)):
        if count >= MAX_VALUES:
            rule = f"expected at most {MAX_VALUES:,} values"
            return document.problem("JSON_TOO_LARGE", (), rule, "Shorten the document.")
        if len(path) > MAX_DEPTH:
            rule = f"expected at most {MAX_DEPTH} levels of nesting, found more below"
            return document.problem("JSON_TOO_LARGE", path[:3], rule, _DEPTH_MEND)
    return None


def value_problems(document: JsonDocument) -> list[Problem]:
    """Endless numbers, broken text, and whatever a caller passed that JSON does not have."""
    found = (_value_problem(document, path, value) for path, value in walk(document.value))
    return [problem for problem in found if problem is not None]


def _value_problem(document: JsonDocument, path: JsonPath, value: object) -> Problem | None:
    if path and isinstance(path[-1], str) and not _is_unicode(path[-1]):
        return document.problem("JSON_TEXT", path, "expected a key of valid Unicode", "Rename the key.")
    match value:
        case str():
            if not _is_unicode(value):
                return document.problem("JSON_TEXT", path, "expected text of valid Unicode", "Rewrite the text.")
        case float() | Decimal():
            return _number_problem(document, path, value)
        case dict() if not all(isinstance(key, str) for key in value):
            return document.problem("JSON_TEXT", path, "expected only texts as keys", "Write the keys as texts.")
        case int() | None | dict() | list():
            pass
        case _:
            rule = f"expected a value that JSON has, found {printable(value)} of type {type(value).__name__}"
            return document.problem(
                "JSON_TEXT", path, rule, "Use null, true, false, a number, a text, a list or a dict."
            )
    return None


def _number_problem(document: JsonDocument, path: JsonPath, value: float | Decimal) -> Problem | None:
    finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
    if not finite or math.isinf(float(value)):
        return document.problem("JSON_NUMBER", path, f"expected a finite number, found {value}", "Write a smaller one.")
    if isinstance(value, Decimal) and Decimal(repr(float(value))) != value:
        rule = f"expected a number that 64-bit floats tell from its neighbours, found {printable(str(value))}"
        mend = (
            "Declare the parameter as a string with a numeric pattern and write the number as a text; it stays exact."
        )
        return document.problem("JSON_NUMBER", path, rule, mend)
    return None


def plain(value: object) -> object:
    """A copy of a parsed value with its Decimals as floats, which is how JSON libraries and strategies see them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def walk(value: object) -> Iterator[tuple[JsonPath, object]]:
    """Every value with its path, the top first, without recursion."""
    waiting: list[tuple[JsonPath, object]] = [((), value)]
    while waiting:
        path, item = waiting.pop()
        yield path, item
        if len(path) > MAX_DEPTH:
            continue
        if isinstance(item, dict):
            waiting.extend(((*path, key if isinstance(key, str) else repr(key)), each) for key, each in item.items())
        elif isinstance(item, list):
            waiting.extend(((*path, index), each) for index, each in enumerate(item))


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _integer(text: str) -> int:
    if len(text) > MAX_INTEGER_DIGITS:
        raise ValueError(f"expected an integer of at most {MAX_INTEGER_DIGITS} digits, found {len(text):,}")
    return int(text)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"expected a number with a smaller exponent, found {printable(text)}") from None


def _constant(text: str) -> object:
    raise ValueError(f"expected a finite number, found {text}")


def _scan(text: str) -> tuple[dict[JsonPath, Place], list[tuple[JsonPath, Place]]]:
    """The place of each value of a valid document, and each repeated key."""
    places: dict[JsonPath, Place] = {(): Place(1, 1)}
    duplicates: list[tuple[JsonPath, Place]] = []
    path: list[str | int] = []  # the member or element that is open at each level
    kinds: list[str] = []
    key_next = False
    line, line_start, seen = 1, 0, 0
    for token in _TOKEN.finditer(text):
        newlines = text.count("\n", seen, token.start())
        if newlines:
            line, line_start = line + newlines, text.rindex("\n", seen, token.start()) + 1
        seen = token.start()
        symbol = token.group()
        place = Place(line, token.start() - line_start + 1)
        if symbol in "{[":
            kinds.append(symbol)
            path.append("" if symbol == "{" else 0)
            key_next = symbol == "{"
        elif symbol in "}]":
            kinds.pop()
            path.pop()
            key_next = False
        elif symbol == ",":
            last = path[-1]
            path[-1] = last + 1 if isinstance(last, int) else last
            key_next = kinds[-1] == "{"
        elif key_next:
            path[-1] = json.loads(symbol)
            if tuple(path) in places:
                duplicates.append((tuple(path), place))
            places[tuple(path)] = place
            key_next = False
            continue
        if symbol not in "}],:":
            places.setdefault(tuple(path[:-1] if symbol in "{[" else path), place)
    return places, duplicates
