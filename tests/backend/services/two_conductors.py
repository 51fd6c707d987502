"""Two conductors that start at the same moment, each with connections of its own."""

from __future__ import annotations

import threading

from muscope.backend.db.connection.session import Database
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.context import Context


def advance_twice_at_once(context: Context) -> list[Exception]:
    """Advance every experiment from two threads that start together; return the errors raised."""
    barrier = threading.Barrier(2)
    errors: list[Exception] = []

    def conduct_one() -> None:
        own = Database(context.database.url)
        barrier.wait()
        try:
            advance_experiments(type(context)(**vars(context) | {"database": own}))
        except Exception as error:  # noqa: BLE001 (the caller shows it)
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=conduct_one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors
