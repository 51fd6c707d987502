"""Packages of the wheel: folders of the checkout, each below `muscope` (ADR 0027).

pyproject.toml says everything else; it cannot say this, since the folders are not named as the packages are.
"""

from __future__ import annotations

from setuptools import find_packages, setup

CODE = ("backend", "worker")
DATA = ("frontend", "alembic", "alembic.versions", "docs")  # read as files and never imported
FOLDERS = {f"muscope.{name}": name.replace(".", "/") for name in (*CODE, *DATA)}

setup(
    packages=[*FOLDERS, *(f"muscope.{top}.{name}" for top in CODE for name in find_packages(top))],
    package_dir=FOLDERS,
)
