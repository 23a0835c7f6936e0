"""What scoring forgets of a person whose personal data is erased. Scores themselves stay, under what is left of them."""

from collections import Counter
from typing import Any

import numpy as np

from performance.engine import bands as engine_bands
from performance.scoring.actions.drafts import forget_what_ifs
from performance.scoring.actions.simulations import count_moves
from performance.scoring.models import PolicyWhatIf, ScoreWhatIf, SimulatedScore, Simulation


def forget_person(gone: Any) -> None:
    """Their what-ifs go. So does what simulations reckoned of them, also from the figures over all: what these told less
    what groups tell would be theirs."""
    forget_what_ifs(PolicyWhatIf.objects.filter(asked_by=gone.person_id))
    ScoreWhatIf.objects.filter(person=gone.person_id).delete()
    rows = {
        row.simulation_id: row for row in SimulatedScore.objects.filter(person=gone.person_id).order_by("pk")
    }
    simulations = Simulation.objects.select_for_update(of=("self",)).filter(pk__in=rows).order_by("pk")
    for simulation in simulations:
        _take_out(simulation, rows[simulation.pk])
    SimulatedScore.objects.filter(person=gone.person_id).delete()


def _take_out(simulation: Simulation, row: SimulatedScore) -> None:
    is_compared = row.change_micro is not None
    moves = engine_bands.Moves(
        np.array([row.before_band], dtype=np.int64),
        np.array([row.after_band], dtype=np.int64),
        np.array([row.change_micro or 0], dtype=np.int64),
        np.array([is_compared]),
    )
    count_moves(simulation, moves, sign=-1)
    simulation.provisional = min(simulation.provisional, simulation.compared)
    left = Counter(simulation.absent)
    left.subtract(row.absent)
    simulation.absent = dict(+left)
    simulation.total, simulation.done = max(0, simulation.total - 1), max(0, simulation.done - 1)
    simulation.save()
