from uuid import UUID

import pytest
from pydantic import ValidationError

from muscope.backend.domain.lifecycle import FailureClass
from muscope.worker.messages import Event, Reply, Request

CELL = UUID(int=3)


@pytest.mark.parametrize(
    "message",
    [
        Request(cell_id=CELL, fence=2**40),
        Reply(event=Event.READY),
        Reply(event=Event.WINDOW, cell_id=CELL, step=12),
        Reply(event=Event.FAILED, cell_id=CELL, failure=FailureClass.OOM, detail="two\nlines “…”"),
    ],
    ids=str,
)
def test_a_message_is_one_line_and_comes_back(message):
    line = message.model_dump_json()

    assert "\n" not in line
    assert type(message).model_validate_json(line) == message


def test_an_unknown_event_is_refused():
    with pytest.raises(ValidationError):
        Reply.model_validate_json('{"event": "surprise"}')
