"""What a strategy prints: every line with its time, whatever it is made of, up to a limit."""

import os
import resource

import pytest

from periscope.sandbox.output import OutputReader
from tests.runs.lab import Lab
from tests.sandbox.sources import handler


def test_lines_have_their_simulation_time(lab: Lab) -> None:
    source = """
import sys
print("import")

class Strategy(Base):
    def __init__(self, data, config):
        print("init")
    async def on_start(self, as_of_time):
        print("start", 1, sep="-")
        print("two\\nlines")
        return [register()]
    async def on_bar(self, event):
        if hhmm(event.simulation_time) == "09:32":
            print("no newline", end="")
        if hhmm(event.simulation_time) == "09:33":
            print(" goes on")
            print("warning", file=sys.stderr)
            print()
            print("tab\\there", chr(233), chr(0x20ac), chr(7), chr(27), chr(0x202e), chr(0xd800))
        return []
    async def on_stop(self):
        print("stop", end="")
"""
    start, second, third = "2024-01-22T14:30:00Z", "2024-01-22T14:32:00Z", "2024-01-22T14:33:00Z"
    stop = "2024-01-22T21:00:00Z"
    logs = lab.run(source).logs
    assert [(line["time"], line["line"]) for line in logs if line["stream"] == "stderr"] == [(third, "warning")]
    assert [(line["time"], line["line"]) for line in logs if line["stream"] == "stdout"] == [
        (None, "import"),
        (None, "init"),
        (start, "start-1"),
        (start, "two"),
        (start, "lines"),
        (second, "no newline goes on"),
        (third, ""),
        (third, "tab\there é € \\x07 \\x1b \\u202e \\ud800"),
        (stop, "stop"),
    ]


def test_logging_and_prints_to_the_real_descriptors_are_kept(lab: Lab) -> None:
    body = """\
import logging, os, sys
self.bars += 1
if self.bars == 2:
    logging.getLogger('mine').warning('from logging')
    os.write(1, b'raw bytes')
    os.write(1, bytes(range(256)) + b'\\n')
    sys.__stdout__.write('original\\n')
    sys.__stdout__.flush()
return []"""
    lines = lab.run(handler("on_bar", body)).logs
    text = [line["line"] for line in lines]
    assert "from logging" in text
    assert "original" in text
    assert any(line.startswith("raw bytes\\x00\\x01") for line in text)
    assert all(character.isprintable() or character == "\t" for line in text for character in line)


def test_fifty_megabytes_are_cut_and_counted(lab: Lab) -> None:
    body = "self.bars += 1\nif self.bars <= 50: print(('x' * 999 + chr(10)) * 1000, end='')\nreturn []"
    ran = lab.run(handler("on_bar", body), core={"limits": {"output_bytes": 100_000}})
    assert ran.document["status"] == "complete"
    issue = ran.issue("STRATEGY_OUTPUT_LIMIT")
    assert issue["classification"] == "user_error"
    assert (ran.out / "logs.jsonl").stat().st_size < 200_000
    assert len(ran.logs) < 100


ENDINGS = {
    "killed in a loop": ("while True: pass", "HANDLER_TIMEOUT"),
    "killed in C": ("sum(range(10**12))", "HANDLER_TIMEOUT"),
    "gone": ("os._exit(0)", "STRATEGY_EXITED"),
    "failed": ("1 / 0", "STRATEGY_EXCEPTION"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_an_unfinished_line_is_kept_however_the_process_ends(lab: Lab, name: str) -> None:
    how, code = ENDINGS[name]
    body = f"print('half', chr(27) + '[2J', end=' a ')\nsys.stderr.write('line')\n{how}"
    ran = lab.run(handler("on_bar", body, "import os, sys\n"), core={"limits": {"handler_seconds": 0.3}})
    assert ran.codes == [code]
    first = "2024-01-22T14:31:00Z"
    assert {"time": first, "stream": "stdout", "line": "half \\x1b[2J a "} in ran.logs
    assert any(line["stream"] == "stderr" and line["line"].startswith("line") for line in ran.logs)


def test_a_line_that_grows_too_long_goes_on_in_another(lab: Lab) -> None:
    body = "self.bars += 1\nif self.bars == 1:\n    for n in range(900): print(f'{n:03}', end='.' * 17)\nreturn []"
    lines = lab.run(handler("on_bar", body)).said
    assert [len(line) for line in lines] == [8_000, 8_000, 2_000]
    assert "".join(lines) == "".join(f"{n:03}" + "." * 17 for n in range(900))


def test_a_flood_in_a_thread_does_not_hold_up_the_engine(lab: Lab) -> None:
    """Both pipes are full all the time; each bar is still answered, and the lines are kept up to the limit."""
    before = """
import os, threading

def flood(descriptor, data):
    while True:
        os.write(descriptor, data)
"""
    body = """\
self.bars += 1
if self.bars == 1:
    for descriptor in (1, 2):
        threading.Thread(target=flood, args=(descriptor, os.linesep.encode() * 65_536), daemon=True).start()
return [CancelLimitsAction('AAA', EQUITY)]"""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran = lab.run(handler("on_bar", body, before), core={"limits": {"output_bytes": 1_000_000}})
    assert (ran.document["status"], ran.document["bars"]) == ("complete", 390), ran.document["issues"]
    assert "STRATEGY_OUTPUT_LIMIT" in ran.codes
    assert len(ran.logs) <= 1_000_000 / 32
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 50_000


def test_empty_lines_count_too(lab: Lab) -> None:
    body = "import os\nself.bars += 1\nif self.bars < 10: os.write(1, b'\\n' * 60_000)\nreturn []"
    ran = lab.run(handler("on_bar", body), core={"limits": {"output_bytes": 50_000}})
    assert len(ran.logs) <= 50_000
    assert "STRATEGY_OUTPUT_LIMIT" in ran.codes


def test_one_line_without_end(lab: Lab) -> None:
    ran = lab.run(
        handler("on_bar", "print('y' * 30_000, end='')\nreturn []"), core={"limits": {"output_bytes": 99_999}}
    )
    assert ran.document["status"] == "complete"
    assert max(len(line["line"]) for line in ran.logs) <= 8_192


@pytest.mark.parametrize(
    ("raw", "time", "text"),
    [
        (b"17\thello\n", 17, "hello"),
        (b"-\thello\n", None, "hello"),
        (b"-\n", None, "-"),
        (b"hello\n", None, "hello"),
        (b"x\thello\n", None, "x\thello"),
        (b"999999999999999999\thello\n", None, "999999999999999999\thello"),
        (b"253402300799999999\tlate\n", 253402300799999999, "late"),
        (b"-5\thello\n", None, "-5\thello"),
        ("٣\thello\n".encode(), None, "٣\thello"),
        (b"\xff\xfe\n", None, "\\xff\\xfe"),
        (b"7\ta\rb\x1b[2J\n", 7, "a\\rb\\x1b[2J"),
    ],
)
def test_a_stamp_is_believed_only_where_it_is_one(raw: bytes, time: int | None, text: str) -> None:
    kept: list[tuple[int | None, str, str]] = []
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    try:
        reader = OutputReader({ours: "stdout"}, 1_000, lambda *line: kept.append(line))
        os.write(theirs, raw)
        assert reader.read(ours)
    finally:
        os.close(ours)
        os.close(theirs)
    assert kept == [(time, "stdout", text)]
