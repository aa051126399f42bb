"""Every command that a server can answer says the same here and there: text, documents, exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from periscope.client import transport
from tests.cli.anywhere import served_workspace
from tests.cli.command import Command, Outcome

READING = [
    "versions", "versions cross", "versions cross@1", "diff cross@1 cross", "diff cross@1 cross@2", "runs list",
    "runs list --limit 1", "runs list --before 2", "runs list --strategy none", "runs list --status complete",
    "runs show 1", "runs show 2", "runs issues 1", "runs logs 1", "runs logs 1 --limit 1 --after 1",
    "runs orders 1", "runs orders 1 --limit 3 --after 2 --state filled", "runs fills 1 --limit 2", "runs trades 1",
    "runs fills 1 --symbol NONE", "ledger 1", "ledger 1 --account cash --last 3", "ledger 1 --account realised:ALFA",
    "explain 1 1", "explain 1 2", "compare 1 1",
    "data list", "data show alfa --rows 2 --span day", "data show SX --continuous difference --rows 2",
    "data check ALFA BETA --span day --to 2021-06-30", "data check gama --accept EARLY_END --from 2023-11-06",
    "instruments list", "instruments list --asset-type future --root SX", "instruments show ALFA",
    "instruments show ESZ3 --date 2013-10-07", "instruments chain SX", "instruments chain ES --date 2023-12-31",
    "instruments rolls SX --from 2023-06-01", "instruments rolls SX --by last-trade",
    "drafts list", "drafts list --limit 1", "drafts list --after idea", "drafts show idea", "drafts check idea",
    "drafts get idea strategy.py", "drafts get idea",
    "sessions", "sessions xnys", "sessions CME --extended", "sessions XNYS 2022-11-24 2024-01-02",
]  # fmt: skip
REFUSED = [
    "versions none", "versions cross@9", "versions none@1 --export x.zip", "diff none@1 cross", "runs show 99",
    "runs orders 99", "runs orders 2", "runs orders 1 --state odd", "runs logs 2", "runs report 2",
    "runs export 2 y.zip",
    "runs start 1", "runs stop 1", "runs kill 2", "runs reset 2", "runs delete 99", "runs copy 99", "runs edit 1",
    "runs create none", "runs create cross@9", "runs create cross --core fill_modle=x --set length=-1",
    "runs edit 2 --core fill_modle=x", "ledger 1 --account none", "explain 1 99999", "explain 99 1", "compare 1 99",
    "publish broken", "publish none", "publish broken.zip", "publish cross --name 1x", "runs list --status odd",
    "drafts show none", "drafts show 1x", "drafts create idea", "drafts create 1x", "drafts create new --from none",
    "drafts create new --from none@1", "drafts create new --from broken.zip", "drafts get idea none.py",
    "drafts get none", "drafts put idea broken.zip", "drafts put idea broken.zip --as ../x.py", "drafts check odd",
    "drafts put idea periscope.toml --as strategy.py", "drafts put none periscope.toml --as x.py", "drafts publish odd",
    "drafts put idea periscope.toml --as strategy.py --tag 1", "drafts remove idea ../x", "drafts remove none x.py",
    "drafts remove idea strategy.py --tag 1", "drafts check none", "drafts publish none", "drafts publish idea --tag 1",
    "drafts delete none", "drafts delete idea --tag 1",
    "data show NONE", "data show ALFA --span hour", "data show ALFA --asset-type index", "data check NONE",
    "data check ALFA --span hour", "data check --span second", "data check ALFA --from 1999-01-01 --to 1999-12-31",
    "data show NONE --continuous raw", "data show SX --continuous ratio --span second", "data import none.csv",
    "instruments show NONE", "instruments show ESX --asset-type future", "instruments show ESZ3",
    "instruments chain NONE", "instruments chain ES --date 2024-01-01 --from 2024-01-01", "instruments rolls NONE",
    "instruments rolls SX --by open-interest", "sessions NONE", "sessions XNYS 1850-01-01",
]  # fmt: skip

DRAFTS = (
    "drafts create idea --from cross",
    "drafts create odd",
    "drafts put odd periscope.toml --as strategy.py --overwrite",
)
DECIDED_THERE = [
    "runs create cross --catalog x", "runs start 2 --at-once 3", "explain runs/first 1", "compare 1 x",
    "data list --catalog x", "data check --report x.html", "data import .", "instruments list --catalog x",
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a run that has ended, a new one, two versions, and bundles that are broken."""
    return Path(tmp_path_factory.mktemp("anywhere"))


@pytest.fixture(scope="module")
def address(desk: Path) -> Iterator[str]:
    """A server of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        patch.delenv("PERISCOPE_CATALOG", raising=False)
        _prepare(desk)
        with served_workspace() as url:
            yield url


@pytest.fixture
def both(periscope_command: Command, desk: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs a command here and through the server, sees that both say the same, and hands out one of them."""
    monkeypatch.chdir(desk)

    def run(*words: str) -> Outcome:
        here, there = periscope_command(*words), periscope_command(*words, "--server", address)
        assert there.code == here.code, here.err + there.err
        if "--json" in words:
            assert _comparable(there) == _comparable(here)
        else:
            assert there.out == here.out
        assert there.err.splitlines()[:1] == here.err.splitlines()[:1]
        return there

    return run


def _prepare(desk: Path) -> None:
    from periscope.cli.main import main

    code = desk / "strategies" / "cross" / "strategy.py"
    for words in ("init", "data sample", "new cross", "new broken", "publish cross", *DRAFTS):
        assert main(words.split()) == 0
    code.write_text(code.read_text() + "\n# changed\n")
    for words in ("publish cross", "runs create cross@1", "runs create cross --core slippage.ticks=1"):
        assert main(words.split()) == 0
    assert main(["runs", "start", "1", "--wait"]) == 0
    code.write_text(code.read_text() + "\n# changed again\n")
    (desk / "strategies" / "broken" / "strategy.py").write_text("class Strategy: pass\nx = (\n")
    (desk / "strategies" / "broken" / "config_schema.json").unlink()
    (desk / "broken.zip").write_bytes(b"PK no archive")


def _comparable(outcome: Outcome) -> object:
    """A document without what depends on where the server's disk is."""
    document = json.loads(outcome.out)
    if "error" in document:
        document["error"] |= {"where": None, "why": None, "try": None}
    for part in (document, document.get("result") or {}):
        if "catalog" in part:
            part["catalog"] = None
    return document


@pytest.mark.parametrize("words", READING)
def test_what_is_read_is_the_same(both: Command, words: str) -> None:
    assert both(*words.split()).code in (0, 5, 10)
    assert both(*words.split(), "--json").code in (0, 5, 10)


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_refused_is_refused_alike(both: Command, words: str) -> None:
    assert both(*words.split(), "--json").code in (2, 3, 5, 6)  # which says the sentence on stderr, too


def test_what_is_written_is_the_same(both: Command, desk: Path, periscope_command: Command, address: str) -> None:
    for words in ("versions cross@1 --export {}", "runs report 1 --out {}", "runs export 1 {}"):
        for name, more in (("here", []), ("there", ["--server", address])):
            (desk / name).unlink(missing_ok=True)
            assert periscope_command(*words.format(name).split(), *more).code == 0
        here, there = (desk / "here").read_bytes(), (desk / "there").read_bytes()
        if words.startswith("runs report"):
            here = here.replace(str(desk / "catalog").encode(), "–".encode())
        is_same = there == here
        assert is_same, words  # a difference of whole pages would be looked for for minutes


def test_what_a_server_decides_itself_is_not_asked_of_it(
    desk: Path, periscope_command: Command, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)
    for words in DECIDED_THERE:
        outcome = periscope_command(*words.split(), "--server", address)
        assert outcome.code == 2, outcome.out + outcome.err


def test_the_server_and_the_token_come_from_the_environment(
    desk: Path, tmp_path: Path, periscope_command: Command, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert periscope_command("runs", "list").code == 6, "there is no workspace here"
    monkeypatch.setenv("PERISCOPE_SERVER", address)
    assert periscope_command("runs", "list", "--json").json["runs"]
    config = str(desk / "strategies" / "cross" / "run.json")
    assert periscope_command("runs", "create", "cross", "--config", config, "--json").json["version"] == "cross@2"
    monkeypatch.setenv("PERISCOPE_TOKEN", "psk_canary")
    outcome = periscope_command("runs", "list", "--json")
    assert (outcome.code, outcome.json["error"]["code"]) == (2, "TOKEN_UNKNOWN")
    assert "canary" not in outcome.out + outcome.err
    monkeypatch.setenv("PERISCOPE_SERVER", "http://server.example")
    assert periscope_command("runs", "list", "--json").json["error"]["code"] == "TOKEN_EXPOSED"


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://127.0.0.1:9", "SERVER_UNREACHABLE"), ("nowhere", "SERVER_URL"), ("ftp://x", "SERVER_URL")],
)
def test_a_server_that_is_none_is_a_sentence(
    periscope_command: Command, url: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_FIRST_WAIT_SECONDS", 0.01)
    outcome = periscope_command("runs", "list", "--server", url, "--json")
    assert (outcome.json["error"]["code"], outcome.code) == (code, 7 if code == "SERVER_UNREACHABLE" else 2)
    assert "Traceback" not in outcome.err
