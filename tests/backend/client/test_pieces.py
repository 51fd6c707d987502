"""Large files: sent in pieces, and not twice when an answer is lost."""

from __future__ import annotations

import httpx2
import pytest

from muscope.backend.client import Client
from muscope.backend.client.synchronous import pieces
from tests.backend.client.conftest import AT_ONCE


class Losing(httpx2.BaseTransport):
    """Connection that delivers every request and loses the answer to some pieces."""

    def __init__(self, lost: set[int]) -> None:
        self._inner = httpx2.HTTPTransport()
        self._lost = lost
        self.sent: list[tuple[str, int]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        number = sum(method == "PATCH" for method, _ in self.sent)
        self.sent.append((request.method, len(request.read())))
        answer = self._inner.handle_request(request)
        if request.method == "PATCH" and number in self._lost:
            answer.read()
            answer.close()
            raise httpx2.ReadError("the answer was lost")
        return answer

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr("muscope.backend.client.tables.AT_ONCE_BYTES", 1000)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 700)
    path = tmp_path / "large.csv"
    path.write_text("size,price\n" + "".join(f"{i},{i * 37 % 101}\n" for i in range(300)))
    return path


@pytest.mark.parametrize("lost", [set(), {0}, {1, 2}], ids=["none", "the first", "two"])
def test_a_large_file_arrives_whole_whatever_is_lost_on_the_way(url, file, lost):
    connection = Losing(lost)
    size = file.stat().st_size

    with Client(url, retries=AT_ONCE, http=httpx2.Client(transport=connection, timeout=20)) as client:
        stored = client.upload(file, label="price")

    assert (stored.name, stored.source_bytes, stored.profile["num_rows"]) == ("large.csv", size, 300)
    assert stored.profile["label"] == "price"
    piece_sizes = [length for method, length in connection.sent if method == "PATCH"]
    assert sum(piece_sizes) - sum(piece_sizes[number] for number in lost) == size


def test_a_file_of_usual_size_is_sent_at_once(url, file, monkeypatch):
    monkeypatch.setattr("muscope.backend.client.tables.AT_ONCE_BYTES", 1 << 20)
    connection = Losing(set())

    with Client(url, http=httpx2.Client(transport=connection, timeout=20)) as client:
        client.upload(file)

    assert [method for method, _ in connection.sent] == ["POST"]
