"""Optional curvature measures of a program at one measurement step.

Raw sharpness, trace, tangent kernel, top eigenvalues, spectral density, and the Gauss-Newton and residual
parts, each of C^½ H C^½ (under Adam also preconditioned), except for raw sharpness, which is that of H.

Legend: R runs, K components, P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from muscope.backend.domain.spec.measures import (
    CURVATURE_MEASURES,
    DENSITY_PROBES,
    DENSITY_STEPS,
    TRACE_PROBES,
    Measure,
)
from muscope.backend.domain.spec.metrics import NUM_EIGENVALUES, Metric
from muscope.worker.numerics.curvature.preconditioned import Preconditioned
from muscope.worker.numerics.curvature.sharpness import (
    AUDIT_EVERY,
    AUDIT_RANDOM_NORM,
    WARM_RANDOM_NORM,
    measure_sharpness,
)
from muscope.worker.numerics.derivatives import Curvature
from muscope.worker.numerics.ensemble import Stack
from muscope.worker.numerics.linalg.block_lanczos import top_eigenpairs
from muscope.worker.numerics.linalg.lanczos import StoppingRule
from muscope.worker.numerics.linalg.lanczos_quadrature import binned, lanczos_quadrature
from muscope.worker.numerics.linalg.operators import SymmetricOperator
from muscope.worker.numerics.linalg.trace import hutchinson_trace
from muscope.worker.numerics.program import CellProgram
from muscope.worker.numerics.randomness import direction, signs

# The kernel of C outputs has eigenvalues in clusters of up to C: a block finds a cluster at once.
KERNEL_BLOCK = 8
KERNEL_STEPS = 12
# Blocks of the Hessian's top eigenvalues: 5 products each.
MAX_BLOCKS = 10
# Measures without Adam's preconditioner, hence defined before the first update too.
UNPRECONDITIONED = frozenset({Measure.RAW_SHARPNESS})
Values = dict[Metric, NDArray[Any]]


@dataclass(frozen=True)
class CurvatureStep:
    """One measurement step of a stack; warm starts are read from the stack and left there."""

    program: CellProgram
    hessian: Curvature
    stack: Stack
    step: int
    root_RP: Tensor | None = None

    def measure(self, wanted: frozenset[Measure] = CURVATURE_MEASURES) -> Values:
        """Return every metric of those of the program's measures that are wanted, [R] or [R, K]."""
        values: Values = {}
        for measure in self.program.measures:
            if measure in wanted:
                values |= self._take(measure)
        return values

    @property
    def _weighted(self) -> Curvature | Preconditioned:
        """Return C^½ H C^½, under Adam preconditioned as well: what sizes and arms are compared by."""
        return self.hessian if self.root_RP is None else Preconditioned(self.hessian, self.root_RP)

    def _take(self, measure: Measure) -> Values:
        if measure is Measure.RAW_SHARPNESS:
            return self._top(Metric.RAW_SHARPNESS, self.hessian.unweighted())
        if measure is Measure.HESSIAN_TRACE:
            return self._trace()
        if measure is Measure.NTK:
            return self._tangent_kernel()
        if measure is Measure.HESSIAN_EIGENVALUES:
            return self._eigenvalues()
        if measure is Measure.HESSIAN_DENSITY:
            return self._density()
        return self._top(Metric.GAUSS_NEWTON_SHARPNESS, self._weighted.gauss_newton()) | self._top(
            Metric.RESIDUAL_SHARPNESS, self._weighted.residual()
        )

    def _top(self, metric: Metric, operator: SymmetricOperator) -> Values:
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
        return self.program.schedule.measurement_index(self.step)

    def _tangent_kernel(self) -> Values:
        """Return the largest eigenvalues of J C Jᵀ / n, under Adam J C P^-1 Jᵀ / n, [R, K], descending."""
        values_RK = []
        for row, seed in enumerate(self.stack.seeds):
            root_P = None if self.root_RP is None else self.root_RP[row]
            kernel = self.hessian.kernel(row, root_P)
            start_MP = self._random_block(seed, Metric.NTK_EIGENVALUES, KERNEL_BLOCK, kernel.size)
            rule = StoppingRule(self.program.sharpness_tolerance, 1, KERNEL_STEPS)
            start_MP = start_MP.to(self.stack.eigenvector_RP)
            pairs = top_eigenpairs(kernel.matvec, start_MP, NUM_EIGENVALUES, rule)
            values_RK.append(pairs.value_K)
        return {Metric.NTK_EIGENVALUES: np.stack(values_RK)}

    def _eigenvalues(self) -> Values:
        """Return the largest eigenvalues of C^½ H C^½, [R, K], descending; warm as sharpness is."""
        metric, size = Metric.HESSIAN_EIGENVALUES, self.stack.eigenvector_RP.shape[1]
        last_RKP = self.stack.start_vectors.get(metric)
        is_audit = last_RKP is None or self.measurement % AUDIT_EVERY == 0
        found = []
        for row, seed in enumerate(self.stack.seeds):
            start_KP = self._random_block(seed, metric, NUM_EIGENVALUES, size).to(self.stack.eigenvector_RP)
            start_KP = torch.nn.functional.normalize(start_KP, dim=1)
            if last_RKP is not None:
                start_KP = last_RKP[row] + (AUDIT_RANDOM_NORM if is_audit else WARM_RANDOM_NORM) * start_KP
            repeated = self._repeated(row, len(start_KP))
            rule = StoppingRule(self.program.sharpness_tolerance, 4 if is_audit else 2, MAX_BLOCKS)
            found.append(top_eigenpairs(repeated.matvec, start_KP, NUM_EIGENVALUES, rule))
        self.stack.start_vectors[metric] = torch.stack([pairs.vector_KP for pairs in found])
        return {metric: np.stack([pairs.value_K for pairs in found])}

    def _density(self) -> Values:
        """Return the share of the eigenvalues of C^½ H C^½ in each bin of the program's grid, [R, K]."""
        size = self.stack.eigenvector_RP.shape[1]
        edges = np.array(self.program.density_grid.edges())
        densities = []
        for row, seed in enumerate(self.stack.seeds):
            drawn = signs(self.program.spec_seed, seed, self.step, DENSITY_PROBES, size)
            repeated = self._repeated(row, DENSITY_PROBES)
            probes_MP = torch.from_numpy(drawn).to(self.stack.eigenvector_RP)
            densities.append(binned(lanczos_quadrature(repeated.matvec, probes_MP, DENSITY_STEPS), edges))
        return {Metric.HESSIAN_DENSITY: np.stack(densities)}

    def _repeated(self, row: int, times: int) -> Curvature | Preconditioned:
        """Return the operator of one run, once for every vector of a block."""
        return self._weighted.select(torch.full((times,), row, device=self.stack.eigenvector_RP.device))

    def _random_block(self, seed: int, metric: Metric, num_rows: int, size: int) -> Tensor:
        drawn = direction(self.program.spec_seed, seed, self.step, num_rows * size, metric)
        return torch.from_numpy(drawn).view(num_rows, size)

    def _trace(self) -> Values:
        """Estimate tr(C^½ H C^½) = tr(C H), run by run; runs of one seed share their probes."""
        size = self.stack.eigenvector_RP.shape[1]
        estimates_R2 = []
        for row, seed in enumerate(self.stack.seeds):
            signs_MP = torch.from_numpy(signs(self.program.spec_seed, seed, self.step, TRACE_PROBES, size))
            repeated = self._repeated(row, TRACE_PROBES)
            estimates_R2.append(hutchinson_trace(repeated, signs_MP.to(self.stack.eigenvector_RP)))
        values_2R = np.array(estimates_R2).T
        return {Metric.HESSIAN_TRACE: values_2R[0], Metric.HESSIAN_TRACE_ERROR: values_2R[1]}
