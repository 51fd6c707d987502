"""Running a command that asks a server: its connection, and an error as one sentence."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping

from muscope.backend.client import Client
from muscope.backend.client.synchronous.client import DEFAULT_SERVER
from muscope.backend.commands import experiments, files, models
from muscope.backend.commands.datasets import datasets
from muscope.backend.commands.sweeps import sweeps

_COMMANDS: Mapping[str, Callable[[Namespace, Client], int]] = {
    "submit": experiments.submit,
    "wait": experiments.wait,
    "status": experiments.status,
    "results": experiments.results,
    "settle": experiments.settle,
    "cancel": experiments.cancel,
    "resume": experiments.resume,
    "report": files.report,
    "export": files.export,
    "import": files.import_file,
    "recipe": files.recipe,
    "models": models.models,
    "datasets": datasets,
    "sweeps": sweeps,
}


def execute(options: Namespace, language: str, environment: Mapping[str, str], parser: ArgumentParser) -> int:
    """Run a command and return its exit status.

    Args:
        environment: where `MUSCOPE_SERVER` and `MUSCOPE_TOKEN` stand in for the options of these names.
        parser: of the whole command, which completion is written from.
    """
    if options.command == "completion":
        import shtab

        print(shtab.complete(parser, options.shell))
        return 0
    server = options.server or environment.get("MUSCOPE_SERVER")
    token = options.token or environment.get("MUSCOPE_TOKEN") or None
    if options.command == "doctor":
        from muscope.backend.commands.doctor.examine import doctor

        return doctor(options, server, token, language)
    if options.command == "mcp":
        from muscope.backend.agents.server import serve

        return serve(server or DEFAULT_SERVER, token, language)
    with Client(server or DEFAULT_SERVER, token, language=language) as client:
        return _COMMANDS[options.command](options, client)
