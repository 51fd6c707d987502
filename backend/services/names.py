"""The name that a user gives to a thing: an experiment, a file of data, a stored sweep."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

# The columns of the database are as wide.
MOST_OF_A_NAME = 200
# PostgreSQL stores no NUL, and a control character in a name comes from an attack or a broken client.
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=MOST_OF_A_NAME, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
