"""The page about the wire form shows every event and action, as they are written."""

import json
import re
from pathlib import Path

from libs.shared_ipc.src.protocol import ActionType, EventType
from libs.shared_ipc.src.protocol.wire import action_from_wire, action_to_wire, event_from_wire, event_to_wire

PAGE = Path(__file__).parents[2] / "docs" / "wire-form.md"


def test_every_example_is_read_and_written_again_as_it_stands() -> None:
    documents = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)]
    assert {document["type"] for document in documents} == {*EventType, *ActionType}
    for document in documents:
        if document["type"] in EventType:
            assert event_to_wire(event_from_wire(document)) == document
        else:
            assert action_to_wire(action_from_wire(document)) == document
