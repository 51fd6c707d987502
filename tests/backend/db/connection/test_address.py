"""The settings name one database, whatever signs a folder or a password has."""

from pathlib import Path

import pytest

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.migrate import upgrade
from muscope.backend.errors import InvalidInput
from muscope.backend.settings import Settings


def test_the_databases_password_comes_from_its_file(tmp_path: Path):
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n")

    settings = Settings(
        database_url="postgresql+psycopg://muscope@postgres/muscope", database_password_file=secret
    )

    url = database_address(settings)
    shown = url.render_as_string(hide_password=False)
    assert shown == "postgresql+psycopg://muscope:p%40ss%2Fword@postgres/muscope"
    assert "word" not in str(url)


def test_a_database_address_that_cannot_be_read_is_refused_with_an_example():
    with pytest.raises(InvalidInput, match=r"expected an address such as postgresql\+psycopg://"):
        database_address(Settings(database_url="localhost"))


def test_a_folder_with_signs_that_mean_something_in_addresses_holds_its_database(tmp_path: Path):
    folder = tmp_path / "a?b%20c#d 実験"
    upgrade(Settings(data=folder))

    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name]
    assert (folder / "muscope.db").is_file()
