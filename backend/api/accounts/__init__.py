"""Accounts on the way in: the gate in front of every route, and the session's cookie."""
