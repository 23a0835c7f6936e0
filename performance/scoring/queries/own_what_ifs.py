"""A score if components, the stage or the penalty were others; and what somebody kept of that for themselves."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from performance.foundation import access, i18n
from performance.foundation.components import formats
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion, Score, ScoreWhatIf, Stage
from performance.scoring.queries.policies import plan_of
from performance.scoring.queries.replays import segments_of
from performance.scoring.queries.supposing import Supposed, held_against

#: What is supposed is a score already, of up to as many points as a curve may give.
AS_IT_IS = {"kind": "identity", "cap": "1000"}


@dataclass(frozen=True)
class Supposition:
    """What is supposed of a score. `stage` and `alpha_quarters`: None where they stay; `values`: micro points by
    component."""

    stage: str | None = None
    alpha_quarters: int | None = None
    values: Mapping[str, int] | None = None

    def kept(self) -> dict[str, Any]:
        """Without what stays as it is."""
        found = {
            "stage": self.stage,
            "alpha_quarters": self.alpha_quarters,
            "values": dict(self.values or {}) or None,
        }
        return {name: value for name, value in found.items() if value is not None}


def supposed_otherwise(score: Score, supposition: Supposition) -> Supposed:
    """The kept inputs reckoned once as they are and once as supposed; nothing is kept.

    Another stage gives the weights that the locked version would have with it, held by the same guardrails. Raises
    engine.errors.InvalidInput where there are none. Six queries at most for each version that governed the period.
    """
    versions = PolicyVersion.objects.select_related("policy", "period").in_bulk(
        [uuid.UUID(segment["version"]) for segment in evidence.segments_named(score)]
    )
    segments = segments_of(score, versions)
    inputs = evidence.inputs_of(score)
    given = supposition.values or {}
    others, changed = [], []
    for segment, held in zip(segments, inputs, strict=True):
        plan = dict(segment.plan)
        if supposition.stage is not None:
            plan = dict(plan_of(versions[segment.version_id], stage=supposition.stage))
        if supposition.alpha_quarters is not None:
            plan["alpha_quarters"] = supposition.alpha_quarters
        plan["components"] = [
            {**item, "curve": AS_IT_IS} if item["key"] in given and item["key"] in held else item
            for item in plan["components"]
        ]
        others.append(replace(segment, plan=plan))
        changed.append(
            {
                key: replace(each, value_micro=given[key]) if key in given else each
                for key, each in held.items()
            }
        )
    return held_against(score, (segments, inputs), (others, changed))


def own_what_ifs(actor: access.Actor, score: Score | None = None) -> list[ScoreWhatIf]:
    """Those that the actor kept, the newest first; of one period's scores, where one is named."""
    found = ScoreWhatIf.objects.filter(person=actor.person_id).select_related(
        "score__period", "score__version"
    )
    if score is not None:
        found = found.filter(score__period=score.period_id, score__person=score.person_id)
    return list(found.order_by("-pk"))


def supposition_of(kept: Mapping[str, Any]) -> Supposition:
    return Supposition(kept.get("stage"), kept.get("alpha_quarters"), kept.get("values"))


def own_words(score: Score, kept: Mapping[str, Any]) -> str:
    """What is supposed, in one line."""
    names = {
        item["key"]: i18n.local_in(item, "name") for item in (score.version.plan or {}).get("components", [])
    }
    words = [
        f"{names.get(key, key)} {formats.number(formats.micro(value), 1)}"
        for key, value in kept.get("values", {}).items()
    ]
    if "stage" in kept:
        words.append(str(Stage(kept["stage"]).label))
    if "alpha_quarters" in kept:
        words.append(_("penalty α = %(alpha)s") % {"alpha": formats.number(kept["alpha_quarters"] / 4)})
    return formats.listed(words)
