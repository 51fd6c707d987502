"""Plans under the staged protocol, and what its cells are."""

from muscope.backend.domain.spec.experiment import Arm, Protocol
from muscope.backend.domain.spec.parametrization import Parametrization
from tests.backend.domain.specs import spec

OCTAVES = tuple(2.0**power for power in range(-6, 3))
MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
MIDDLE = {("mup", 0, 0): 4, ("ntp", 0, 0): 4}


def staged(**changes):
    plan = {
        "protocol": Protocol.STAGED,
        "arms": tuple(Arm(parametrization=name, lrs=OCTAVES) for name in (MUP, NTP)),
        "widths": (8, 16, 32),
        "seeds": (0, 1, 2, 3, 4),
    }
    return spec(**plan | changes)


def only(*names, lrs=OCTAVES):
    return tuple(Arm(parametrization=name, lrs=lrs) for name in names)


def said(cells):
    """Return what cells are: arm, size, LRs, number of seeds, with curvature or not."""
    return [
        (
            cell.parametrization.value,
            cell.width,
            sorted({run.lr_index for run in cell.runs}),
            len({run.seed for run in cell.runs}),
            cell.has_curvature,
        )
        for cell in cells
    ]
