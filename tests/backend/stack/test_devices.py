"""Which devices a machine's workers use, with a counted number of GPUs and none at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from muscope.backend.errors import InvalidInput, Unavailable
from muscope.backend.settings import Settings
from muscope.backend.stack import devices
from muscope.backend.stack.commands import worker_nodes
from muscope.backend.stack.devices import find_devices
from muscope.backend.stack.start_order import embedded_start_order


def _never():
    raise AssertionError("torch was asked")


def _find(*wanted, num_gpus):
    return find_devices(
        wanted,
        has_driver=lambda: num_gpus > 0,
        list_gpus=lambda: [f"cuda:{index}" for index in range(num_gpus)],
    )


@pytest.mark.parametrize(
    ("wanted", "num_gpus", "found"),
    [
        (("auto",), 0, ("cpu",)),
        (("auto",), 1, ("cuda:0",)),
        (("auto",), 3, ("cuda:0", "cuda:1", "cuda:2")),
        (("cpu",), 2, ("cpu",)),
        (("cuda",), 2, ("cuda:0", "cuda:1")),
        (("cuda:1",), 2, ("cuda:1",)),
        (("cpu", "cuda"), 2, ("cpu", "cuda:0", "cuda:1")),
        (("cuda:1", "cuda", "cuda:1"), 2, ("cuda:1", "cuda:0")),
    ],
)
def test_the_setting_chooses_among_the_gpus_there_are(wanted, num_gpus, found):
    assert _find(*wanted, num_gpus=num_gpus) == found


@pytest.mark.parametrize("wanted", ["auto", "cpu"])
def test_without_a_graphics_driver_torch_is_not_even_asked(wanted):
    assert find_devices((wanted,), has_driver=lambda: False, list_gpus=_never) == ("cpu",)


@pytest.mark.parametrize(
    ("wanted", "num_gpus", "name", "found"),
    [("cuda", 0, "cuda", "cpu"), ("cuda:2", 2, "cuda:2", "cpu, cuda:0, cuda:1")],
)
def test_a_device_that_was_asked_for_and_is_not_there_is_refused_by_name(wanted, num_gpus, name, found):
    with pytest.raises(InvalidInput, match="device_missing") as raised:
        _find("cpu", wanted, num_gpus=num_gpus)

    assert raised.value.params == {"name": name, "found": found}


def test_a_torch_that_cannot_tell_leaves_the_cpu_unless_a_gpu_was_asked_for():
    def fail():
        raise Unavailable("devices_unknown", reason="no torch")

    assert find_devices(("auto",), has_driver=lambda: True, list_gpus=fail) == ("cpu",)
    with pytest.raises(Unavailable, match="devices_unknown"):
        find_devices(("cuda",), has_driver=lambda: True, list_gpus=fail)


@pytest.mark.parametrize("program", ["raise SystemExit(1)", "print('not json')", "pass"])
def test_a_process_that_does_not_answer_is_an_error_of_ours(program, monkeypatch):
    real = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda _command, **given: real((sys.executable, "-c", program), **given)
    )

    with pytest.raises(Unavailable, match="devices_unknown"):
        devices.ask_torch()


@pytest.mark.parametrize("value", ["gpu", "cuda:x", "auto,cpu", ",", "cuda:0;cuda:1"])
def test_a_device_that_cannot_be_is_refused_when_settings_are_read(value, monkeypatch):
    monkeypatch.setenv("MUSCOPE_DEVICES", value)

    with pytest.raises(ValueError, match="devices"):
        Settings()


def test_devices_are_given_with_commas_and_a_node_has_one(monkeypatch):
    assert (Settings().devices, Settings().node_device) == (("auto",), "cpu")

    monkeypatch.setenv("MUSCOPE_DEVICES", "cuda:1, cpu")

    assert (Settings().devices, Settings().node_device) == (("cuda:1", "cpu"), "cuda:1")


def _option(node, name):
    return node.command[node.command.index(name) + 1]


def test_a_machine_without_gpus_has_the_one_node_it_always_had():
    (node,) = worker_nodes(Settings(worker_slots=3), ("cpu",))

    assert node.name == "worker"
    assert [_option(node, name) for name in ("--concurrency", "--queues", "--hostname")] == [
        "3",
        "cpu",
        "cpu@%h",
    ]
    assert node.environment["OMP_NUM_THREADS"] == "1"


def test_each_gpu_has_a_node_that_trains_one_cell_on_it():
    nodes = worker_nodes(Settings(worker_slots=8), ("cuda:0", "cuda:1"))

    assert [node.name for node in nodes] == ["worker-cuda-0", "worker-cuda-1"]
    assert [_option(node, "--hostname") for node in nodes] == ["cuda-0@%h", "cuda-1@%h"]
    assert {_option(node, "--concurrency") for node in nodes} == {"1"}
    assert [node.environment["MUSCOPE_DEVICES"] for node in nodes] == ["cuda:0", "cuda:1"]
    assert {node.environment["MUSCOPE_WORKER_SLOTS"] for node in nodes} == {"1"}


@pytest.mark.parametrize(
    ("found", "queues"), [(("cuda:0",), ["gpu,cpu"]), (("cpu", "cuda:0"), ["cpu", "gpu"])]
)
def test_every_queue_that_may_be_rung_is_heard_by_a_node(found, queues):
    assert [_option(node, "--queues") for node in worker_nodes(Settings(), found)] == queues


@pytest.mark.parametrize(("num_gpus", "names"), [(0, ["worker"]), (2, ["worker-cuda-0", "worker-cuda-1"])])
def test_the_stack_starts_the_nodes_of_the_devices_found(num_gpus, names, tmp_path):
    settings = Settings(data=tmp_path, broker_url="redis://elsewhere")

    order = embedded_start_order(settings, find=lambda wanted: _find(*wanted, num_gpus=num_gpus))

    assert [service.name for service in order.services] == ["web", "conductor", *names]
    assert {service.environment["MUSCOPE_DATA"] for service in order.services} == {str(tmp_path)}
