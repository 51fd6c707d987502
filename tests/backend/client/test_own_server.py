"""A server of one's own that does not start: said with its reason."""

from __future__ import annotations

import pytest

from muscope.backend.client.own_server import local_server
from muscope.backend.errors import Unavailable


def test_a_server_that_does_not_start_says_why(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Unavailable) as failed:
        local_server(tmp_path / "file" / "data")

    assert str(tmp_path) in str(failed.value.params["folder"])
    assert str(tmp_path / "file") in str(failed.value.params["reason"])
