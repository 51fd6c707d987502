"""What the wheel is made of: a test builds it from these, and the images are given them."""

FOLDERS = ("backend", "worker", "frontend", "alembic", "docs")
SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", *FOLDERS)
