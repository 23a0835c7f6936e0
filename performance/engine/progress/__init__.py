"""Progress of key results and objectives, and whether it keeps pace with the plan.

Progress is a percentage in micro: 100 % is 100_000_000. `None` means "no value yet", which is not zero.
"""

from performance.engine.progress.key_results import (
    KeyResult,
    Milestone,
    ProgressPolicy,
    band_columns,
    key_result_progress,
    key_results_progress,
    line_columns,
    target_ratio,
)
from performance.engine.progress.pace import (
    Checkpoint,
    Days,
    PaceThresholds,
    Plans,
    expected_pace,
    linear_pace_columns,
    pace_columns,
    pace_status,
    rollup_status,
)
from performance.engine.progress.rollups import (
    Contribution,
    Rollup,
    RollupColumns,
    RollupItem,
    objective_items,
    objective_progress,
    rollup,
    rollup_columns,
)

__all__ = [
    "Checkpoint",
    "Contribution",
    "Days",
    "KeyResult",
    "Milestone",
    "PaceThresholds",
    "Plans",
    "ProgressPolicy",
    "Rollup",
    "RollupColumns",
    "RollupItem",
    "band_columns",
    "expected_pace",
    "key_result_progress",
    "key_results_progress",
    "line_columns",
    "linear_pace_columns",
    "objective_items",
    "objective_progress",
    "pace_columns",
    "pace_status",
    "rollup",
    "rollup_columns",
    "rollup_status",
    "target_ratio",
]
