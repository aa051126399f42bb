"""The page: one file that needs nothing else, in which what strangers wrote stays text."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from periscope.report.markup import element, escape
from periscope.report.page import write_report
from periscope.report.run_files import ReportError
from tests.report import make_run
from tests.report.made import MadeRun
from tests.report.reading import Page
from tests.report.write_run import write_run

type MakePage = Callable[[MadeRun], str]


@pytest.fixture
def make_page(tmp_path: Path) -> MakePage:
    def make(run: MadeRun) -> str:
        folder = write_run(run, tmp_path / "run")
        output = write_report(
            folder, tmp_path / "out" / "report.html", catalog_root=None, bars_source=make_run.source_of(*run.markets)
        )
        return output.read_text(encoding="utf-8")

    return make


def small_run() -> MadeRun:
    return make_run.equity_run(bars=2_000, fills=61)


def test_nothing_is_loaded_from_anywhere(make_page: MakePage) -> None:
    page = Page(make_page(small_run()))
    loading = [
        (tag, attributes)
        for tag, attributes in page.elements
        if tag in {"link", "img", "iframe", "object", "embed", "video", "audio"} or "src" in attributes
    ]
    assert loading == []
    links = {attributes["href"] for tag, attributes in page.elements if tag == "a"}
    assert {link for link in links if link and not link.startswith("#")} == {"https://www.tradingview.com/"}


def test_the_policy_lets_only_the_page_s_own_scripts_run(make_page: MakePage) -> None:
    page = Page(make_page(small_run()))
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts]
    assert [f"'sha256-{value}'" for value in hashes] == re.findall(r"'sha256-[^']+'", policy)


def test_what_strangers_wrote_stays_text(make_page: MakePage) -> None:
    page = Page(make_page(make_run.failed_run()))
    assert len(page.scripts) == 3
    assert {tag for tag, _ in page.elements} & {"img", "b"} == set()
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for text in (
        "<img src=x onerror=alert(1)>",
        "at SPY </script><script>alert(1)</script>",
        "</script><script>document.title='owned'</script>",
        "\\u202e\\u001b[31m<img src=x onerror=alert(1)>",
    ):
        assert text in page.text


def test_a_failed_run_opens_on_its_issues(make_page: MakePage) -> None:
    html = make_page(make_run.failed_run())
    assert html.index('id="issues"') < html.index('id="overview"')
    text = Page(html).text
    assert "This run failed" in text
    assert "strategy.py, line 41, in on_bar" in text
    assert "12 times" in text
    calm = small_run()
    calm.issues = make_run.failed_run().issues[1:]
    html = make_page(calm)
    assert html.index('id="issues"') > html.index('id="overview"')


def test_a_run_without_a_sandbox_is_marked_above_all_its_numbers(make_page: MakePage) -> None:
    html = make_page(make_run.unconfined_run())
    assert html.index("This strategy ran without a sandbox") < html.index('id="overview"')
    assert 'class="status unconfined"' in html
    text = Page(html).text
    assert "RUN_UNCONFINED" in text
    assert "none: a process with its user's rights" in text


@pytest.mark.parametrize(("tier", "words"), [("sealed", "sealed: confined, in"), ("confined", "confined: no rights")])
def test_a_sandboxed_run_says_its_tier_and_is_not_marked(make_page: MakePage, tier: str, words: str) -> None:
    run = small_run()
    run.tier, run.packages = tier, [{"name": "numpy", "version": "2.5.5"}, {"name": "<b>", "version": "1"}]
    html = make_page(run)
    assert words in Page(html).text
    assert "; allowed packages: numpy 2.5.5, <b> 1" in Page(html).text
    assert "without a sandbox" not in html
    assert 'class="status unconfined"' not in html


def test_money_in_the_tables_is_exact_text(make_page: MakePage) -> None:
    run = make_run.futures_run(bars=2_000, fills=21)
    tables = Page(make_page(run)).main()["tables"]
    assert tables["fills"]["data"]["price"] == [f"{fill.price:.2f}" for fill in run.fills]
    assert tables["fills"]["data"]["quantity"] == [str(fill.quantity) for fill in run.fills]
    assert tables["fills"]["data"]["volume_cap"] == [None] * 21
    assert tables["fills"]["data"]["filled_at"] == [fill.filled_at for fill in run.fills]
    assert tables["trades"]["rows"] == tables["trades"]["all"] == 20
    assert tables["trades"]["data"]["fees"] == ["6.30"] + ["4.20"] * 19


def test_the_page_says_what_the_result_rests_on(make_page: MakePage) -> None:
    text = Page(make_page(small_run())).text
    for words in ("no trading costs modelled", "next_bar", "9f86d081884c7d65", "ab" * 32, "fast 0.25"):
        assert words in text
    assert "W. F. Sharpe, The Sharpe Ratio" in text
    assert "TradingView Lightweight Charts" in text


def test_invented_data_is_labelled_at_the_top(make_page: MakePage, tmp_path: Path) -> None:
    make_page(small_run())
    path = tmp_path / "run" / "result.json"
    result = json.loads(path.read_text())
    result["data"][0]["source"] = "SYNTHETIC sample market"
    path.write_text(json.dumps(result))
    html = write_report(tmp_path / "run", tmp_path / "again.html", catalog_root=None).read_text()
    assert html.index("SYNTHETIC sample market") < html.index('id="statistics"')


def test_a_hundred_thousand_bars_stay_small(make_page: MakePage) -> None:
    html = make_page(make_run.equity_run())
    page = Page(html)
    assert page.main()["series"][0]["rows"] == 100_000
    assert page.main()["tables"]["fills"]["rows"] == 5_000
    assert len(html) < 2_000_000


def test_the_same_run_gives_the_same_bytes(make_page: MakePage) -> None:
    assert make_page(small_run()) == make_page(small_run())


def test_a_run_without_fills_and_one_without_bars_have_a_page(make_page: MakePage) -> None:
    assert "The strategy printed nothing." in Page(make_page(make_run.empty_run())).text


def test_a_run_that_never_started_has_a_page(tmp_path: Path) -> None:
    document: dict[str, Any] = {"status": "error", "issues": [{"code": "NEW_CODE", "message": "it broke"}]}
    (tmp_path / "result.json").write_text(json.dumps(document))
    html = write_report(tmp_path, tmp_path / "report.html", catalog_root=None).read_text()
    page = Page(html)
    assert "it broke" in page.text
    assert page.main()["equity"] is None


def test_bars_that_are_gone_are_named(tmp_path: Path) -> None:
    folder = write_run(small_run(), tmp_path / "run")
    html = write_report(folder, tmp_path / "report.html", catalog_root=tmp_path / "nowhere").read_text()
    main = Page(html).main()
    assert main["series"] == []
    assert main["priceNote"].startswith("No bars of SPY minute are shown")


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_folder_that_holds_no_run_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "result.json").write_text(content)
    with pytest.raises(ReportError, match=r"result\.json"):
        write_report(tmp_path, tmp_path / "report.html", catalog_root=None)
    assert not (tmp_path / "report.html").exists()


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    folder = write_run(small_run(), tmp_path / "run")
    (folder / "fills.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ReportError, match=r"fills\.parquet"):
        write_report(folder, tmp_path / "report.html", catalog_root=None)


def test_a_log_line_that_is_no_json_is_shown_as_it_stands(tmp_path: Path) -> None:
    folder = write_run(small_run(), tmp_path / "run")
    (folder / "logs.jsonl").write_bytes(b'{"time": null, "stream": "stdout", "line": "good"}\nhalf a li\xff\n')
    text = Page(write_report(folder, tmp_path / "report.html", catalog_root=None).read_text()).text
    assert "good" in text
    assert "half a li\N{REPLACEMENT CHARACTER}" in text


def test_elements_escape_what_is_not_markup() -> None:
    inner = element("b", "<&>", title='"quoted"')
    assert element("p", inner, None, 3, hidden=True, class_=None) == (
        '<p hidden><b title="&quot;quoted&quot;">&lt;&amp;&gt;</b>3</p>'
    )
    assert escape("a\u202eb\x00\ud800") == "a\\u202eb\\u0000\\ud800"


def test_assets_can_stand_inside_a_script_element() -> None:
    assets = Path(__file__).parents[2] / "periscope" / "report" / "assets"
    for path in assets.glob("*.js"):
        text = path.read_text(encoding="utf-8").lower()
        assert "</script" not in text, path
        assert "<!--" not in text, path
        if "lightweight" not in path.name:
            assert "innerhtml" not in text, path
            assert text.count("\n") < 400, path


def test_long_tables_are_cut_and_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("periscope.report.tables.MOST_ROWS", 20)
    made = make_run.equity_run(bars=500, fills=41)
    folder = write_run(made, tmp_path / "run")
    source = make_run.source_of(*made.markets)
    page = Page(write_report(folder, tmp_path / "page.html", catalog_root=None, bars_source=source).read_text())
    fills = page.main()["tables"]["fills"]
    assert (fills["rows"], fills["all"], len(fills["data"]["price"])) == (20, 41, 20)
    assert page.main()["priceNote"] == "The chart marks the first 20 of 41 fills."
