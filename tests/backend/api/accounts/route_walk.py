"""Walk over every route and method as every kind of visitor, on things that one runner owns.

`walk(server)` returns what differs from the expectations written here, which do not use the table of
permissions: nobody gets 401, another owner's thing is 404, a viewer changes nothing, users are for admins.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, NamedTuple
from uuid import UUID

import httpx

from muscope.backend.accounts.roles import Role
from muscope.backend.db.schema.account_tables import UserRow
from muscope.backend.services.accounts.audit import COMMAND_LINE
from muscope.backend.services.accounts.sign_in import Place, begin_session
from muscope.backend.services.accounts.users import invite
from muscope.backend.services.accounts.views import InvitationRequest
from tests.backend.api.conftest import CSV, TABLE, Server

ROLES = {"admin": Role.ADMIN, "runner": Role.RUNNER, "other": Role.RUNNER, "viewer": Role.VIEWER}
# The user whom admins change.
SPARE = "spare"
# Answered whoever asks.
OPEN = {
    *("/healthz", "/readyz", "/api/v1/session", "/api/v1/invitation"),
    *("/api/v1/session/provider", "/api/v1/session/provider/answer"),
    *("/api/v1/problems", "/api/v1/problems/{code}"),
}
FOR_ADMINS = ("/api/v1/users", "/api/v1/audit")
# Of one's own account whatever the role is.
PERSONAL = "/api/v1/account/"
# Computes an answer from the request's own numbers.
STORES_NOTHING = {"/api/v1/sweeps/judge"}
OWNED = (
    "dataset_id",
    "experiment_id",
    "cell_id",
    "upload_id",
    "run_id",
    "token_id",
    "session_id",
    "sweep_id",
)
# Named by what the body holds.
OWNED_BY_BODY = {
    "/api/v1/experiments",
    "/api/v1/experiments/preview",
    "/api/v1/experiments/deletions",
    "/api/v1/experiments/taggings",
    "/api/v1/plans/presets",
}
# Slow where they are allowed (a password's hash, a file's reader), so only these visitors ask.
ASKED_BY = {
    ("post", "/api/v1/session"): {"nobody"},
    ("post", "/api/v1/invitation"): {"nobody"},
    ("post", "/api/v1/account/password"): {"nobody", "runner"},
    ("post", "/api/v1/examples/experiment"): {"nobody", "viewer"},
    ("post", "/api/v1/datasets/{dataset_id}/variants"): {"nobody", "viewer", "other"},
}
VISITORS = ("nobody", "viewer", "other", "admin", "runner")
SAFE = {"get", "head", "options"}

SWEEP = "width,lr,loss\n" + "\n".join(
    f"{width},{2.0**-k},{1 / width + (k - 4) ** 2}" for width in (16, 32, 64, 128) for k in range(8)
)
# What nobody owns, and is not there in the walk.
NOT_OWNED = ("example.not_found", "model.not_held", "provider.none", "recipe.not_found")


class Deviation(NamedTuple):
    """Answer that differs from the expected one."""

    method: str
    path: str
    visitor: str
    status: int
    expected: str


class Walk:
    """The visitors with their sessions, and the things of the runner."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.base = f"http://127.0.0.1:{server.port}"
        self.cookies: dict[str, dict[str, str]] = {"nobody": {}}
        for name, role in ROLES.items():
            self.cookies[name] = self._signed_in(name, role)
        self.spare_id = self._invited(SPARE, Role.RUNNER)
        self.ids = self._things()

    def _invited(self, name: str, role: Role) -> UUID:
        request = InvitationRequest(name=name, role=role)
        return invite(self._server.runtime.context, COMMAND_LINE, request).user.id

    def _signed_in(self, name: str, role: Role) -> dict[str, str]:
        context, user_id = self._server.runtime.context, self._invited(name, role)
        with context.database.write() as session:
            user = session.get_one(UserRow, user_id)
            secret = begin_session(context, session, user, Place("127.0.0.1", "walk"), old=None)
        return {"Cookie": f"muscope_{context.settings.port}={secret}"}

    def client(self, visitor: str) -> httpx.Client:
        """Return a client that is signed in, as the page's own scripts are."""
        return httpx.Client(
            base_url=self.base,
            timeout=20,
            headers={"Origin": self.base, "Tus-Resumable": "1.0.0"} | self.cookies[visitor],
        )

    def _things(self) -> dict[str, str]:
        with self.client("runner") as client:
            dataset = _made(client, "/datasets?name=sales", content=TABLE, headers=CSV)
            experiment_id = self.new_experiment(client, dataset["id"])
            self.second_id = self.new_experiment(client, dataset["id"])
            address = f"/api/v1/experiments/{experiment_id}"
            token = _made(client, "/account/tokens", json={"name": "walk"})
            sessions = client.get("/api/v1/account/sessions").json()
            return {
                "dataset_id": dataset["id"],
                "experiment_id": experiment_id,
                "cell_id": client.get(f"{address}/cells").json()[0]["id"],
                "run_id": client.get(f"{address}/runs").json()["items"][0]["id"],
                "sweep_id": self.new_sweep(client),
                "upload_id": self.new_upload(client),
                "token_id": token["view"]["id"],
                "session_id": sessions[0]["id"],
                "user_id": str(self.spare_id),
                "recipe_id": "0" * 64,
                "metric": "train_loss",
                "code": "validation",
            }

    def new_upload(self, client: httpx.Client) -> str:
        """Begin an upload and return its id."""
        headers = {"Upload-Length": "10", "Upload-Metadata": "filename YS5jc3Y="}
        reply = client.post("/api/v1/uploads", headers=headers)
        reply.raise_for_status()
        return str(reply.headers["location"].rpartition("/")[2])

    def new_sweep(self, client: httpx.Client) -> str:
        """Store a sweep and return its id; the same one while it is there."""
        reply = client.post("/api/v1/sweeps?name=sweep.csv", content=SWEEP, headers=CSV)
        reply.raise_for_status()
        return str(reply.json()["id"])

    def new_experiment(self, client: httpx.Client, dataset_id: str) -> str:
        """Plan a small experiment and return its id."""
        plan = {"dataset_id": dataset_id, "widths": [8, 16], "seeds": [0, 1], "num_steps": 20, "depths": [2]}
        arms = [{"parametrization": name, "lrs": [0.1, 0.2]} for name in ("mup", "sp")]
        return str(_made(client, "/experiments", json=plan | {"arms": arms})["id"])

    def renew(self, client: httpx.Client, path: str) -> None:
        """Make the thing again that a path names and the visitor before has deleted."""
        if path == "/api/v1/uploads/{upload_id}":
            self.ids["upload_id"] = self.new_upload(client)
        if path == "/api/v1/sweeps/{sweep_id}":
            self.ids["sweep_id"] = self.new_sweep(client)
        if path == "/api/v1/experiments/{experiment_id}":
            self.ids["experiment_id"] = self.new_experiment(client, self.ids["dataset_id"])

    def ask(self, client: httpx.Client, method: str, path: str, body: Any) -> tuple[int, str]:
        """Send one request and return status and error code; a stream is not read to its end."""
        address = path
        for name, value in self.ids.items():
            address = address.replace(f"{{{name}}}", value)
        address = address.replace("{name}", "lr_loss" if "figures" in path else "nothing")
        parameters = self._parameters(path)
        headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        if method == "patch" and "uploads" in path:
            sent = {"content": b"", "headers": headers}
        if path == "/api/v1/session" and method == "delete":
            sent["headers"] = {"Cookie": ""}  # the walk goes on with the session
        with client.stream(method.upper(), address, params=parameters, **sent) as reply:
            if reply.status_code < 400 or method == "head":
                return reply.status_code, ""
            return reply.status_code, str(httpx.Response(200, content=reply.read()).json()["error"]["code"])

    def _parameters(self, path: str) -> dict[str, Any]:
        if "compare" in path:
            return {"ids": f"{self.ids['experiment_id']},{self.second_id}"}
        return {"metric": "train_loss"} if path.endswith("/curves") else {}


def _made(client: httpx.Client, path: str, **sent: Any) -> dict[str, Any]:
    reply = client.post(f"/api/v1{path}", **sent)
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """List method, path and operation of the OpenAPI document: what reads first, what deletes last."""
    found = [(m, path, each) for path, all_of in document["paths"].items() for m, each in all_of.items()]
    return sorted(found, key=lambda each: ({"delete": 2}.get(each[0], each[0] not in SAFE), each[1]))


def example_body(document: dict[str, Any], operation: dict[str, Any], ids: dict[str, str]) -> Any:
    """Return the documented example of a JSON body with the ids of this walk; None without a body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return None
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, {})
    examples = [each["value"] for each in content.get("examples", {}).values()]
    examples += [content["example"]] if "example" in content else []
    body = dict((examples + schema.get("examples", [{}]))[0])
    if "dataset_id" in body:
        body["dataset_id"] = ids["dataset_id"]
    if "ids" in body:
        body["ids"] = [ids["experiment_id"]]
    return body


def expected(method: str, path: str, visitor: str, status: int, code: str) -> str | None:
    """Return what was expected where the answer differs from it; None for a right answer."""
    if visitor == "nobody":
        is_right = status not in (401, 403) or code == "link.ended" or code == "sign_in.wrong"
        return _unless(is_right, "an answer") if path in OPEN else _unless(status == 401, "401")
    if path in OPEN:
        return _unless(status != 403, "an answer")
    is_change = method not in SAFE and not path.startswith(PERSONAL) and path not in STORES_NOTHING
    if visitor != "admin" and path.startswith(FOR_ADMINS):
        return _unless(status == 403, "403")
    if visitor == "viewer" and is_change:
        return _unless(status == 403, "403")
    is_owned = any(f"{{{name}}}" in path for name in OWNED) or path.startswith("/api/v1/compare")
    is_owned = is_owned or (is_change and path in OWNED_BY_BODY)
    is_foreign = visitor in ("other", "viewer") or (visitor == "admin" and path.startswith(PERSONAL))
    if is_owned and is_foreign:
        return _unless(status == 404, "404")
    is_there = status not in (401, 404) or code in NOT_OWNED
    return _unless(is_there and (status != 403 or code == "password.wrong"), "an answer")


def _unless(is_right: bool, words: str) -> str | None:
    return None if is_right else words


def walk(server: Server) -> tuple[int, list[Deviation]]:
    """Ask every route as every visitor; return the number of requests and the wrong answers.

    What reads comes first and what deletes last, so that the things are there as long as it takes.
    """
    document, started = server.app.openapi(), Walk(server)
    with ExitStack() as stack:
        clients = {visitor: stack.enter_context(started.client(visitor)) for visitor in VISITORS}
        answers = [
            _asked(started, clients, document, each, visitor)
            for each in operations(document)
            for visitor in VISITORS
            if visitor in ASKED_BY.get(each[:2], VISITORS)
        ]
    return len(answers), [each for each in answers if each is not None]


def _asked(
    started: Walk,
    clients: dict[str, httpx.Client],
    document: dict[str, Any],
    asked: tuple[str, str, dict[str, Any]],
    visitor: str,
) -> Deviation | None:
    """Ask one route as one visitor, on new things where the visitor before has deleted them."""
    method, path, operation = asked
    if method == "delete" and visitor in ("admin", "runner"):
        started.renew(clients["runner"], path)
    if (method, visitor, path) == ("delete", "runner", "/api/v1/account/sessions/{session_id}"):
        return None  # the walk goes on with the session
    body = example_body(document, operation, started.ids)
    status, code = started.ask(clients[visitor], method, path, body)
    words = expected(method, path, visitor, status, code)
    return Deviation(method, path, visitor, status, words) if words else None
