"""Query parameters that a route does not know are refused by name: ignoring one answers another question."""

from __future__ import annotations

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request

from muscope.backend.errors import Malformed


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a request with a query parameter that its route does not read; raises Malformed."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = names_of(route)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        expected = ", ".join(sorted(known)) or "–"
        raise Malformed("request.unknown_parameter", name=unknown[:80], known=expected)


def names_of(route: APIRoute) -> set[str]:
    """Return the names of the query parameters that a route and its dependencies read."""
    names: set[str] = set()
    dependants = [route.dependant]
    while dependants:
        dependant = dependants.pop()
        dependants += dependant.dependencies
        for parameter in dependant.query_params:
            model = parameter.field_info.annotation
            if isinstance(model, type) and issubclass(model, BaseModel):
                names |= set(model.model_fields)
            else:
                names.add(parameter.alias)
    return names
