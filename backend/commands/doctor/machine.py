"""Checks of this machine: settings, data folder, disk, database and broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from muscope.backend.commands.doctor.check_result import CheckResult, failed, failure, warning, well
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.migrate import is_current
from muscope.backend.errors import MuscopeError, Param
from muscope.backend.events import Notices
from muscope.backend.settings import Settings
from muscope.backend.storage.disk import disk_fault, free_bytes

# A finished experiment of the preset `thorough` takes less than a tenth of it.
_LITTLE_BYTES = 1 << 30


def check_machine(settings: Settings) -> Iterator[CheckResult]:
    """Look at everything in turn; one fault does not hide another."""
    checks: tuple[tuple[str, Callable[[Settings], CheckResult]], ...] = (
        ("data_folder", _data_folder),
        ("database", _database),
        ("broker", _broker),
    )
    if settings.oidc_issuer is not None:
        checks += (("provider", _provider),)
    for name, check in checks:
        try:
            yield check(settings)
        except MuscopeError as error:
            yield failed(name, error)


def _data_folder(settings: Settings) -> CheckResult:
    folder = settings.data_folder
    if not folder.exists():
        return warning("data_folder", "missing", path=str(folder))
    if fault := disk_fault(settings.scratch_folder):
        raise fault
    free = free_bytes(folder)
    size: dict[str, Param] = {"path": str(folder), "free_gib": round(free / (1 << 30), 1)}
    return warning("data_folder", "full", **size) if free < _LITTLE_BYTES else well("data_folder", **size)


def _database(settings: Settings) -> CheckResult:
    address = database_address(settings)
    kind = address.get_backend_name()
    if settings.database_url is None and not (settings.data_folder / "muscope.db").exists():
        return warning("database", "missing")  # opening it would create it
    database = Database(address)
    try:
        database.require_writable()
        if not is_current(database):
            return failure("database", "old", kind=kind)
        if kind == "postgresql" and (names := _unsafe_settings(database)):
            return warning("database", "unsafe", kind=kind, names=", ".join(names))
        return well("database", kind=kind)
    finally:
        database.close()


def _unsafe_settings(database: Database) -> list[str]:
    from muscope.backend.db.connection.server import unsafe_settings

    with database.read() as session:
        return unsafe_settings(session)


def _broker(settings: Settings) -> CheckResult:
    notices = Notices(settings.resolved_broker_url)
    try:
        if notices.is_up():
            return well("broker")
        # The embedded one runs while `muscope run` does.
        is_embedded = settings.broker_url is None
        return warning("broker", "stopped") if is_embedded else failure("broker", "away")
    finally:
        notices.close()


def _provider(settings: Settings) -> CheckResult:
    """Ask the OpenID provider for what it publishes of itself, as a sign-in does first."""
    from muscope.backend.services.accounts.provider.client import open_provider
    from muscope.backend.services.context import utc_now

    provider = open_provider(settings)
    assert provider is not None  # the caller has looked
    metadata = provider.metadata(utc_now())
    settings.secret("oidc_client_secret")  # a file that cannot be read would show at the first sign-in
    return well("provider", name=provider.name, address=metadata.authorization_endpoint)
