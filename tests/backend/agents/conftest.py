"""The server of the client's tests."""

from tests.backend.client.conftest import client, live, url

__all__ = ["client", "live", "url"]
