"""What places come to beyond what is foreseen: windows widen, and a control may need all seeds.

Measured on replays of the calibration study (docs/log.md 2026-11-24), given that a place is run at all.
"""

from __future__ import annotations

from backend.domain.evidence import Evidence, Look, Place
from backend.domain.experiment import ExperimentSpec, Protocol, base_size, chosen_arm

CHOSEN_EXTRA, CONTROL_EXTRA = 0.2, 0.6


def expected_extra(spec: ExperimentSpec, evidence: Evidence, place: Place) -> float:
    """Return the expected further work at a place, as a share of what is planned and foreseen there.

    The base's window is its whole grid; where the statistics have spoken, what they want is foreseen.
    """
    known = evidence.at(place)
    has_spoken = not known.open and known.look != Look()
    if spec.protocol is Protocol.FULL or place.size == base_size(spec) or has_spoken:
        return 0.0
    return CHOSEN_EXTRA if place.parametrization is chosen_arm(spec) else CONTROL_EXTRA
