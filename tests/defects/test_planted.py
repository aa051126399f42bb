"""Defects planted on purpose, one for each promise: a battery that lets its defect pass proves nothing.

Each breaks one rule of the code under test for as long as it lasts, and runs the promise's own test, which must fail.
Row 4's is planted beside the examples; rows 17 to 20 have attempts that can succeed, and bombs that go off.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from errno import ENOSPC
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from periscope.client.address import Token
from periscope.execution.fees import PerShare
from periscope.execution.fill_models.next_bar import NextBar
from periscope.execution.meeting import Meeting, Side
from periscope.execution.order import Order
from periscope.runs.leases import Lease
from periscope.runs.lifecycle import Move
from periscope.runs.store import backup, store
from periscope.runs.store.content import ContentFiles
from periscope.runs.store.database import Database
from periscope.runs.store.migrating import migrate
from periscope.runs.store.refusals import StoreError
from periscope.runs.store.run_rows import AttemptRows, Ending
from periscope.runs.store.store import Store, StorePlace
from periscope.runs.store.tables import runs
from periscope.runs.store.token_rows import Scope
from periscope.runs.store.token_rows import Token as StoredToken
from periscope.server.routing import GuardedRoute
from periscope.strategies import archive, parameters, validation
from periscope.strategies.problems import Problem
from tests.client import test_hostile as hostile_servers
from tests.engine import test_determinism as determinism
from tests.engine import test_no_look_ahead as look_ahead
from tests.runs import test_lifecycle as lifecycle
from tests.runs import test_supervisor as supervisor
from tests.runs.lab import AAA, BBB, HOUR, Lab, future, walk
from tests.runs.store import test_backup as backups
from tests.runs.store import test_failing_disk as disks
from tests.runs.store import test_upgrading as upgrading
from tests.runs.world import World
from tests.server import test_route_walk as doors
from tests.server.serving import serving
from tests.strategies import test_archive as archives
from tests.strategies import test_hostile as hostile_schemas


def _default(default: int, _full: int, _long: int | None = None) -> int:
    return default


def test_a_fee_that_depends_on_what_ran_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 3: a replay is byte-identical."""
    number = count()
    monkeypatch.setattr(PerShare, "owed", lambda _self, _traded: Decimal(next(number)) / 100)
    busy = Lab(tmp_path).add(AAA, minute=walk("09:30", 390), hour=walk("10:00", 6, length=HOUR))
    busy.add(BBB, minute=walk("09:40", 300, first=500_000, step=100))
    busy.add(future("XXH4", "15:00"), minute=walk("09:30", 330, step=25))
    with pytest.raises(AssertionError):
        determinism.test_the_same_run_twice_and_in_this_process(busy)


def test_a_fill_at_the_price_of_a_bar_to_come(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 6: no look-ahead."""
    honest = NextBar._at_first_bar

    def clairvoyant(self: NextBar, order: Order, bars: Side, row: int) -> Meeting:
        found = honest(self, order, bars, row)
        ahead = min(row - bars.first + 5, len(bars.close) - 1)
        return msgspec.structs.replace(found, price=bars.scaling(row).price(int(bars.close[ahead])))

    monkeypatch.setattr(NextBar, "_at_first_bar", clairvoyant)
    with pytest.raises(AssertionError):
        look_ahead.test_a_real_cut_changes_no_row_before_it(tmp_path, "10:15")


def test_a_write_that_fails_and_is_told_as_done(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 15: a full or failing disk breaks no promise."""
    honest = ContentFiles.put

    def careless(self: ContentFiles, data: bytes) -> str:
        with suppress(OSError):
            return honest(self, data)
        return sha256(data).hexdigest()

    monkeypatch.setattr(ContentFiles, "put", careless)
    with pytest.raises((AssertionError, StoreError)):
        disks.test_whatever_write_fails_nothing_is_kept_by_halves(ENOSPC, tmp_path, monkeypatch, lambda *_: 1)


def test_an_attempt_that_does_not_look_whether_it_was_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 25: every run reaches a true end. The machine is driven as in its own test, always alike."""

    def heedless(self: AttemptRows, move: Move, ending: Ending | None = None, **changes: Any) -> bool:
        current = AttemptRows(self._database, self._number, _attempt_of(self))
        return honest(current, move, ending, **changes)

    honest = AttemptRows._write
    monkeypatch.setattr(AttemptRows, "_write", heedless)
    chances = settings(max_examples=8, stateful_step_count=50, phases=[Phase.generate], derandomize=True, database=None)
    with pytest.raises(AssertionError, match="wrote begun by its process"):
        run_state_machine_as_test(lifecycle.Runs, settings=chances)


def _attempt_of(rows: AttemptRows) -> int:
    """The attempt that is to act, whoever asks."""
    with rows._database.read() as connection:
        found = connection.execute(select(runs.c.attempt).where(runs.c.id == rows._number)).scalar()
    return 0 if found is None else int(found)


def test_a_supervisor_that_does_not_look_at_its_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 16: two supervisors cannot both act."""

    @contextmanager
    def unfenced(self: Lease) -> Iterator[Connection]:
        with self._database.write() as connection:
            yield connection
        self._renewed = self._clock()

    monkeypatch.setattr(Lease, "fenced", unfenced)
    with Store(StorePlace(tmp_path)) as kept, pytest.raises(AssertionError):
        supervisor.test_one_of_two_supervisors_acts(World(kept))


def test_work_that_is_not_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 21: config and schema input is safe."""
    monkeypatch.setattr(validation, "_MOST_WORK", 10**12)
    with pytest.raises(AttributeError, match="validate"):  # of the validator that is not there
        hostile_schemas.test_validation_that_would_not_end_is_refused_before_it_begins(
            "each value against each of an enum's"
        )


def test_values_that_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row 21 again."""
    nothing: list[Problem] = []
    monkeypatch.setattr(parameters, "value_problems", lambda _document: nothing)
    with pytest.raises((AssertionError, ValueError)):
        hostile_schemas.test_a_hostile_config_is_refused_quickly("signalling")


@pytest.mark.parametrize(
    ("what", "rule"), [("name: absolute", "name_problem"), ("kind: link", "_member_reason"), ("encrypted", "_content")]
)
def test_an_archive_that_is_not_looked_at(monkeypatch: pytest.MonkeyPatch, what: str, rule: str) -> None:
    """Row 22: uploads cannot write outside."""
    monkeypatch.setattr(archive, rule, lambda *_: b"" if rule == "_content" else None)
    monkeypatch.setattr(archive, "_ENCRYPTED", 0)
    with pytest.raises(AssertionError):
        archives.test_a_crafted_archive_is_refused(what)


def test_a_route_that_asks_for_no_scope(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 23: the API guards every door."""
    monkeypatch.setattr(GuardedRoute, "needed_scope", Scope.READ)
    with serving(tmp_path) as served:
        served.new_run()
        with pytest.raises(AssertionError):
            doors.test_a_key_for_less_opens_no_more(served)


def test_a_token_that_never_expires(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 23 again."""
    monkeypatch.setattr(StoredToken, "is_expired", False)
    (tmp_path / "inside").mkdir()
    with serving(tmp_path / "inside") as served:
        served.new_run()
        with pytest.raises(AssertionError):
            doors.test_no_door_opens_without_the_right_key(served, tmp_path)


def test_a_token_that_shows_itself(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Row 24: secrets stay put."""
    monkeypatch.setattr(Token, "__repr__", lambda token: str(vars(token)))
    with pytest.raises(AssertionError, match="psk_canary"):
        hostile_servers.test_every_answer_ends_in_a_sentence("no JSON", monkeypatch, caplog)


def test_a_store_that_is_opened_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 26: old data opens for ever."""

    def halfway(database: Database) -> None:
        migrate(database, to="0001")

    monkeypatch.setattr(store, "migrate", halfway)
    with pytest.raises((AssertionError, OperationalError)):
        upgrading.test_a_store_of_the_first_release_opens_with_all_that_was_in_it("sqlite", tmp_path)


def test_a_backup_whose_files_are_not_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Row 30: damage is seen."""
    monkeypatch.setattr(backup, "_is_good", lambda _files, _name: True)
    with pytest.raises(AssertionError):
        backups.test_every_flipped_or_cut_place_is_found(tmp_path, _default)
