"""Pages that begin at a place the caller names, and go on by cursors from there."""

from tests.server.results import finished_run
from tests.server.serving import Served


def test_tables_begin_after_so_many_and_go_on(served: Served) -> None:
    run = finished_run(served)
    for table in ("orders", "fills", "trades"):
        everything = served.client.get(f"runs/{run.id}/{table}").json()
        later = served.client.get(f"runs/{run.id}/{table}", params={"skip": 1, "limit": 2}).json()
        assert later["items"] == everything["items"][1:3]
        assert later["count"] == everything["count"]
        if later["next"] is not None:
            behind = {"skip": 1, "limit": 2, "after": later["next"]}
            assert (
                served.client.get(f"runs/{run.id}/{table}", params=behind).json()["items"] == everything["items"][3:5]
            )
        beyond = served.client.get(f"runs/{run.id}/{table}", params={"skip": 10**9}).json()
        assert (beyond["items"], beyond["next"]) == ([], None)
        for wrong in (-1, 1 << 60, "x"):
            assert served.client.get(f"runs/{run.id}/{table}", params={"skip": wrong}).status_code == 422


def test_runs_begin_below_a_number_and_go_on(served: Served) -> None:
    numbers = [served.new_run().id for _ in range(5)][::-1]
    page = served.client.get("runs", params={"before": numbers[0], "limit": 2}).json()
    assert [run["run"] for run in page["items"]] == numbers[1:3]
    behind = {"before": numbers[0], "limit": 2, "after": page["next"]}
    assert [run["run"] for run in served.client.get("runs", params=behind).json()["items"]] == numbers[3:5]
    for wrong in (0, -1, 1 << 40, "x"):
        assert served.client.get("runs", params={"before": wrong}).status_code == 422
