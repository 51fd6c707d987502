"""Conditions under which a server may be reached from other machines."""

from __future__ import annotations

from importlib.util import find_spec

from muscope.backend.db.accounts import users
from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import Database
from muscope.backend.db.migrate import is_current
from muscope.backend.errors import InvalidInput, Unavailable
from muscope.backend.settings import LOOPBACK_NAMES, Exposure, Settings


def require_safe_start(settings: Settings) -> None:
    """Raise InvalidInput for a server that others could reach without accounts, host names or TLS.

    A server that is to ask an OpenID provider without the library for it is refused too.

    Accounts and TLS can be given up by the words of `MUSCOPE_EXPOSED`, so that nobody does it by accident;
    where something else checks who comes, it also says by which names.
    """
    if settings.oidc_issuer is not None and find_spec("authlib") is None:
        raise InvalidInput("start.no_oidc_library", issuer=settings.oidc_issuer)
    if settings.is_local:
        return
    if Exposure.WITHOUT_ACCOUNTS not in settings.exposed:
        _require_accounts(settings)
    is_tls = (settings.public_url or "").startswith("https:")
    if Exposure.WITHOUT_TLS not in settings.exposed and not is_tls:
        raise InvalidInput("start.no_tls", host=settings.host, word=Exposure.WITHOUT_TLS.value)


def _require_accounts(settings: Settings) -> None:
    if not _has_admin(settings):
        raise InvalidInput("start.no_admin", host=settings.host, word=Exposure.WITHOUT_ACCOUNTS.value)
    if settings.public_url is None and set(settings.allowed_hosts) <= set(LOOPBACK_NAMES):
        raise InvalidInput("start.no_host_names", host=settings.host)


def _has_admin(settings: Settings) -> bool:
    """Tell whether the database has an admin; one that was never migrated, or is away, has none."""
    if settings.database_url is None and not settings.data_folder.is_dir():
        return False
    database = Database(database_address(settings))
    try:
        if not is_current(database):
            return False
        with database.read() as session:
            return users.has_admin(session)
    except Unavailable:
        return False
    finally:
        database.close()
