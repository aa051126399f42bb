"""Runs as a whole, over HTTP: books, explanations, comparison, report, export."""

import io
import json
import zipfile
from typing import Any

import pytest

from periscope.runs import managing
from periscope.runs.kept import export_run
from periscope.runs.store.run_rows import Run
from tests.report.reading import Page
from tests.server.results import TALKER, finish, finished_run
from tests.server.serving import Served
from tests.server.test_basics import problem
from tests.server.test_results import everything


def test_the_books_balance(ended: tuple[Served, Run]) -> None:
    served, run = ended
    balances = served.client.get(f"runs/{run.id}/ledger").json()["accounts"]
    assert {line["account"] for line in balances} >= {"cash", "fees"}
    assert sum(cents(line["balance"]) for line in balances) == 0
    postings = everything(served, f"runs/{run.id}/ledger/postings", 7)
    assert sum(cents(line["debit"] or "0") - cents(line["credit"] or "0") for line in postings) == 0
    assert [line["entry"] for line in postings] == sorted(line["entry"] for line in postings)
    for account in ("cash", "fees"):
        mine = everything(served, f"runs/{run.id}/ledger/postings", 3, account=account)
        assert mine == [line for line in postings if (line["account"] or "").partition(":")[0] == account] != []
    assert everything(served, f"runs/{run.id}/ledger/postings", 3, account="none", symbol="AAA") == []


def cents(text: str) -> int:
    whole, _, rest = text.lstrip("-").partition(".")
    return (-1 if text.startswith("-") else 1) * int(whole + rest.ljust(6, "0")[:6])


def test_an_order_is_explained(ended: tuple[Served, Run]) -> None:
    served, run = ended
    orders = everything(served, f"runs/{run.id}/orders", 100)
    for order in orders[:4]:
        by_number = served.client.get(f"runs/{run.id}/orders/{order['sequence']}/explanation").json()
        assert by_number["order"] == order
        assert by_number["end"]["state"] == order["state"]
        by_id = served.client.get(f"runs/{run.id}/orders/{order['order_id'][:9]}/explanation").json()
        assert by_id == by_number
    filled = next(order for order in orders if order["state"] == "FILLED")
    assert served.client.get(f"runs/{run.id}/orders/{filled['sequence']}/explanation").json()["fills"][0]["bar"]["open"]


@pytest.mark.parametrize("order", ["0", "99999", "9999999999", "zzzz", "abc", "-1", "²", "%23", "%00", ".*", "x" * 65])
def test_an_unknown_order_is_said_to_be_unknown(ended: tuple[Served, Run], order: str) -> None:
    served, run = ended
    found = problem(served.client.get(f"runs/{run.id}/orders/{order}/explanation"))
    assert found["code"] in ({"INVALID"} if order in ("%00", "x" * 65) else {"ORDER_NOT_FOUND"}), found


def test_runs_are_compared(ended: tuple[Served, Run]) -> None:
    served, run = ended
    copied = managing.copy(served.store, run.id)
    assert isinstance(copied, Run)
    same = served.client.get("runs/compare", params={"left": run.id, "right": finish(served, copied).id}).json()
    assert same == {"same": True, "difference": None, "facts": []}
    other = finished_run(served, TALKER.replace("% 20", "% 30"), "other", core={"fees": {"per_share": "0.01"}})
    found = served.client.get("runs/compare", params={"left": run.id, "right": other.id}).json()
    assert (found["same"], found["difference"]["first"] == found["difference"]["second"]) == (False, False)
    assert found["facts"][0].startswith("the strategy's version differs")
    again = served.client.get("runs/compare", params={"left": run.id, "right": run.id}).json()
    assert again["same"] is True


def test_what_can_not_be_compared_is_a_problem(ended: tuple[Served, Run]) -> None:
    served, run = ended
    new = served.new_run()
    for left, right, code in (
        (run.id, new.id, "RUN_NOT_ENDED"), (new.id, run.id, "RUN_NOT_ENDED"), (run.id, 999, "RUN_NOT_FOUND"),
        (run.id, 0, "INVALID"), (run.id, "x", "INVALID"), (run.id, 1 << 40, "INVALID"),
    ):  # fmt: skip
        assert problem(served.client.get("runs/compare", params={"left": left, "right": right}))["code"] == code
    assert problem(served.client.get("runs/compare"))["code"] == "INVALID"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = served.client.request(method, "runs/compare", json={})
        assert (problem(answer)["code"], answer.headers["allow"]) == ("METHOD", "GET")


def test_the_report_comes_as_a_page_apart(ended: tuple[Served, Run]) -> None:
    served, run = ended
    answer = served.client.get(f"runs/{run.id}/report")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert str(served.lab.folder) not in answer.text
    assert Page(answer.text).main()["series"][0]["rows"] == 390


def test_the_export_is_that_of_the_command_line(ended: tuple[Served, Run], tmp_path_factory: Any) -> None:
    served, run = ended
    answer = served.client.get(f"runs/{run.id}/export")
    assert answer.headers["content-type"] == "application/zip"
    target = tmp_path_factory.mktemp("export") / "run.zip"
    assert export_run(served.store, run, target) is None
    assert target.read_bytes() == answer.content
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        about = json.loads(archive.read("run.json"))
        assert {f"results/{name}" for name in about["files"]} <= set(archive.namelist())


def test_a_run_without_results_has_none_of_it(served: Served) -> None:
    run = served.new_run()
    for path, code in (
        ("ledger", "NO_RESULTS"), ("ledger/postings", "NO_RESULTS"), ("report", "NO_RESULTS"),
        ("orders/1/explanation", "NO_RESULTS"), ("export", "RUN_NOT_ENDED"),
    ):  # fmt: skip
        assert problem(served.client.get(f"runs/{run.id}/{path}"))["code"] == code
        assert problem(served.client.get(f"runs/77/{path}"))["code"] == "RUN_NOT_FOUND"


def test_an_explanation_without_the_data_says_so(served: Served) -> None:
    run = finished_run(served)
    (served.lab.folder / "catalog" / "manifest.json").rename(served.lab.folder / "manifest.json")
    found = served.client.get(f"runs/{run.id}/orders/2/explanation").json()
    assert found["notes"] == ["the run's catalog is not at hand: nothing is said of its bars"]
    assert served.client.get(f"runs/{run.id}/report").status_code == 200


@pytest.mark.parametrize("way", ["..%2f..", "%2e%2e", "..%5c..", "%2fetc%2fpasswd", "1%2f..%2f2", "....//"])
def test_no_parameter_is_a_path(ended: tuple[Served, Run], way: str) -> None:
    served, run = ended
    for path in (f"runs/{way}/orders", f"runs/{run.id}/{way}", f"runs/{run.id}/orders/{way}/explanation"):
        answer = served.client.get(path)
        assert answer.status_code in {404, 422}, path
        assert "root:" not in answer.text
