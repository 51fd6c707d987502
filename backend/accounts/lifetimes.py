"""Lifetimes of sessions, links and tokens, and the wait after wrong passwords."""

from __future__ import annotations

from datetime import datetime, timedelta

SESSION = timedelta(days=7)
SESSION_IDLE = timedelta(hours=12)
# A session's last use is written at most this often.
SEEN_AGAIN = timedelta(minutes=1)
LINK = timedelta(hours=1)
INVITATION = timedelta(days=3)
# Between leaving for an OpenID provider and coming back.
PROVIDER_LOGIN = timedelta(minutes=10)
# Of one address at the same time; a department behind one address stays far below.
MAX_PROVIDER_LOGINS = 100
LONGEST_TOKEN_DAYS = 366

# Wrong passwords that cost nothing; each further one doubles the wait.
FREE_OF_ACCOUNT, FREE_OF_ADDRESS = 5, 20
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
# Failures as old as this are forgotten.
FAILURES_FORGOTTEN = timedelta(hours=24)


def is_session_live(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Tell whether a session is used often enough and not too old."""
    return now - created_at < SESSION and now - seen_at < SESSION_IDLE


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long nobody may try again after so many wrong passwords."""
    if failures < free:
        return timedelta(0)
    return min(_FIRST_WAIT * (1 << min(failures - free, 16)), _LONGEST_WAIT)
