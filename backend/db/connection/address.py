"""Address of the database that the settings name."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from muscope.backend.errors import InvalidInput
from muscope.backend.settings import Settings


def file_address(path: Path) -> URL:
    """Return the address of a database in a file."""
    # Not as text: the name of a folder may hold a question mark or a percent sign.
    return URL.create("sqlite", database=str(path))


def database_address(settings: Settings) -> URL:
    """Return the address, with the password that a secret file holds.

    The password stands in no variable or process list. Raises InvalidInput for a `MUSCOPE_DATABASE_URL` that
    cannot be read.
    """
    if settings.database_url is None:
        return file_address(settings.data_folder / "muscope.db")
    try:
        url = make_url(settings.database_url)
    except ArgumentError as error:
        details = "MUSCOPE_DATABASE_URL: expected an address such as postgresql+psycopg://user@host/name"
        raise InvalidInput("settings_invalid", details=details) from error
    password = settings.secret("database_password")
    return url if password is None else url.set(password=password)
