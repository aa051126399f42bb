"""A failure of Periscope's own code in the strategy's process is not blamed on the strategy."""

from functools import partial
from pathlib import Path

import pytest

from periscope.sandbox.confinement import Confinement
from periscope.sandbox.frames import SandboxFaultError
from periscope.sandbox.inside import wire
from periscope.sandbox.launch import start_child
from periscope.sandbox.session import Session, SessionLimits


def test_a_message_that_the_process_does_not_know_is_our_fault(tmp_path: Path) -> None:
    lines: list[str] = []
    limits = SessionLimits(handler_seconds=5, start_seconds=20, output_bytes=10_000, actions_per_reply=10)
    start = partial(start_child, Confinement(tmp_path))
    session = Session(limits, lambda _time, _stream, line: lines.append(line), lambda _config: [], start)
    try:
        session._begin()
        session._send(ord("?"), b"")
        with pytest.raises(SandboxFaultError) as caught:
            session._receive("nothing")
    finally:
        session.close()
    assert caught.value.code == "SANDBOX_FAULT"
    assert any("AssertionError: unknown message" in line for line in lines)
    assert wire.OUR_FAULT_STATUS == 70
