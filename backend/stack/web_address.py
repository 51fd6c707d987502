"""Address of the web process as seen from this machine, and its health check."""

from __future__ import annotations

import http.client

from muscope.backend.settings import Settings

# Listening on every address is reached through loopback.
_ANY_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def is_web_up(settings: Settings) -> bool:
    """Tell whether the web process answers its health check."""
    host = _ANY_HOST.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": settings.allowed_hosts[0]})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def address(settings: Settings) -> str:
    """Return the URL of the page for a browser on this machine."""
    host = _ANY_HOST.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"
