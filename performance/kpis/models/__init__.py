from performance.kpis.models.dimensions import Dimension, DimensionValue
from performance.kpis.models.forecasts import Forecast, ForecastRefusal, Way
from performance.kpis.models.live import LivePart, LiveReading
from performance.kpis.models.metrics import (
    Additivity,
    Aggregation,
    Direction,
    Kind,
    Metric,
    MetricVersion,
    MissingPolicy,
    Problem,
    Side,
    Signature,
    VersionState,
)
from performance.kpis.models.targets import Target, TargetKind
from performance.kpis.models.values import Grain, MetricValue, MonthClose, ValueState

__all__ = [
    "Additivity",
    "Aggregation",
    "Dimension",
    "DimensionValue",
    "Direction",
    "Forecast",
    "ForecastRefusal",
    "Grain",
    "Kind",
    "LivePart",
    "LiveReading",
    "Metric",
    "MetricValue",
    "MetricVersion",
    "MissingPolicy",
    "MonthClose",
    "Problem",
    "Side",
    "Signature",
    "Target",
    "TargetKind",
    "ValueState",
    "VersionState",
    "Way",
]
