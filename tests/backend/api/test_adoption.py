"""The recipe of an experiment over REST: a file that Python can read and that needs torch only."""

from __future__ import annotations

import ast
from typing import Any

import httpx


def test_the_recipe_is_a_python_file_that_imports_torch_only(
    client: httpx.Client, experiment: dict[str, Any]
):
    reply = client.get(f"/api/v1/experiments/{experiment['id']}/recipe.py", params={"width": 16})

    assert reply.status_code == 200
    assert 'filename="recipe.py"' in reply.headers["content-disposition"]
    tree = ast.parse(reply.text)
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "torch" in {name.partition(".")[0] for name in imported}
    assert {name.partition(".")[0] for name in imported} <= {
        "torch",
        "math",
        "__future__",
        "typing",
        "collections",
    }


def test_the_recipe_of_an_experiment_that_there_is_not_is_refused(client: httpx.Client):
    reply = client.get("/api/v1/experiments/00000000-0000-0000-0000-000000000007/recipe.py")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "experiment.not_found")
