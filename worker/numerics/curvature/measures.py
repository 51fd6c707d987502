"""Take the optional measures of a program at one measurement step.

Legend: R runs, K components, P parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backend.domain.measures import TRACE_PROBES, Measure
from backend.domain.metrics import NUM_EIGENVALUES, Metric
from worker.numerics.curvature.top_eigenvalues import top_eigenpairs
from worker.numerics.curvature.trace import hutchinson_trace
from worker.numerics.ensemble import Stack
from worker.numerics.lanczos import StoppingRule
from worker.numerics.networks.residual_mlp_derivatives import ResidualMlpHessian
from worker.numerics.networks.residual_mlp_kernel import tangent_kernel
from worker.numerics.program import CellProgram
from worker.numerics.randomness import direction, signs
from worker.numerics.sharpness import measure_sharpness

# The kernel of C outputs has eigenvalues in clusters of up to C: a block finds a cluster at once.
KERNEL_BLOCK = 8
KERNEL_STEPS = 12
Values = dict[Metric, NDArray[Any]]


@dataclass(frozen=True)
class CurvatureStep:
    """One measurement step of a stack; warm starts are read from the stack and left there."""

    program: CellProgram
    hessian: ResidualMlpHessian
    stack: Stack
    step: int

    def measure(self) -> Values:
        """Return every metric of the program's measures, [R] or [R, K]."""
        values: Values = {}
        for measure in self.program.measures:
            values |= self._take(measure)
        return values

    def _take(self, measure: Measure) -> Values:
        if measure is Measure.RAW_SHARPNESS:
            return self._top(Metric.RAW_SHARPNESS, self.hessian.unweighted())
        if measure is Measure.HESSIAN_TRACE:
            return self._trace()
        if measure is Measure.NTK:
            return self._tangent_kernel()
        return self._top(Metric.GAUSS_NEWTON_SHARPNESS, self.hessian.gauss_newton()) | self._top(
            Metric.RESIDUAL_SHARPNESS, self.hessian.residual()
        )

    def _top(self, metric: Metric, operator: ResidualMlpHessian) -> Values:
        pairs = measure_sharpness(
            operator,
            self._start_vectors(metric),
            spec_seed=self.program.spec_seed,
            seeds=self.stack.seeds,
            step=self.step,
            measurement=self.measurement,
            tolerance=self.program.sharpness_tolerance,
            of=metric,
        )
        self.stack.start_vectors[metric] = pairs.vector_RP
        return {metric: pairs.value_R}

    def _start_vectors(self, metric: Metric) -> Tensor:
        return self.stack.start_vectors.get(metric, torch.zeros_like(self.stack.eigenvector_RP))

    @property
    def measurement(self) -> int:
        """Return the index of this measurement in the run."""
        return -(-self.step // self.program.measure_every)

    def _tangent_kernel(self) -> Values:
        """Return the largest eigenvalues of J C Jᵀ / n, [R, K], descending."""
        values_RK = []
        for row, seed in enumerate(self.stack.seeds):
            kernel = tangent_kernel(self.hessian, row)
            start_MP = self._random_block(seed, Metric.NTK_EIGENVALUES, KERNEL_BLOCK, len(kernel)).to(kernel)
            rule = StoppingRule(self.program.sharpness_tolerance, 1, KERNEL_STEPS)
            pairs = top_eigenpairs(partial(torch.matmul, other=kernel), start_MP, NUM_EIGENVALUES, rule)
            values_RK.append(pairs.value_K)
        return {Metric.NTK_EIGENVALUES: np.stack(values_RK)}

    def _random_block(self, seed: int, metric: Metric, num_rows: int, size: int) -> Tensor:
        drawn = direction(self.program.spec_seed, seed, self.step, num_rows * size, metric)
        return torch.from_numpy(drawn).view(num_rows, size)

    def _trace(self) -> Values:
        """Estimate tr(C^½ H C^½) = tr(C H), run by run; runs of one seed share their probes."""
        size = self.stack.eigenvector_RP.shape[1]
        estimates_R2 = []
        for row, seed in enumerate(self.stack.seeds):
            signs_MP = torch.from_numpy(signs(self.program.spec_seed, seed, self.step, TRACE_PROBES, size))
            repeated = self.hessian.select(torch.full((TRACE_PROBES,), row))
            estimates_R2.append(hutchinson_trace(repeated, signs_MP.to(self.stack.eigenvector_RP)))
        values_2R = np.array(estimates_R2).T
        return {Metric.HESSIAN_TRACE: values_2R[0], Metric.HESSIAN_TRACE_ERROR: values_2R[1]}
