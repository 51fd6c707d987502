"""Resolve requests for a plan in tests, at a fast workplace."""

from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.plan_request import PlanRequest, resolve
from muscope.backend.domain.spec.dataset import DatasetShape, Task

SHA256 = "cd" * 32
DIGITS = DatasetShape(task=Task.CLASSIFICATION, num_features=64, num_outputs=10, num_train=1437, num_val=360)
FAST = Capacity(64, Calibration(1e12, 1e-6))


def resolved(shape=DIGITS, capacity=FAST, max_runs=20_000, memory_bytes=2 << 30, **wanted):
    """Return the spec that a request becomes at a workplace."""
    request = PlanRequest.model_validate(wanted)
    return resolve(
        request,
        dataset_sha256=SHA256,
        shape=shape,
        capacity=capacity,
        max_runs=max_runs,
        memory_bytes=memory_bytes,
    )
