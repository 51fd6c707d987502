"""Client of the REST API, for scripts and notebooks. It needs neither PyTorch nor what the server runs on.

from muscope.backend.client import Client, run_poc

print(run_poc(table, label="price", preset="quick").outcome)
"""

from muscope.backend.client.asynchronous.client import AsyncClient
from muscope.backend.client.own_server import local_server
from muscope.backend.client.poc import run_poc
from muscope.backend.client.replies import (
    Dataset,
    Experiment,
    ExperimentItem,
    Plan,
    Settling,
    StoredSweep,
    SweepAnswer,
    Verdict,
)
from muscope.backend.client.result import Figure, Result
from muscope.backend.client.synchronous.client import Client

__all__ = [
    "AsyncClient",
    "Client",
    "Dataset",
    "Experiment",
    "ExperimentItem",
    "Figure",
    "Plan",
    "Result",
    "Settling",
    "StoredSweep",
    "SweepAnswer",
    "Verdict",
    "local_server",
    "run_poc",
]
