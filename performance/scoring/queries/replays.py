"""Replay: compute a score again from what it kept, and compare to the last bit."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from performance import engine
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion, Score

DIGEST = "digest"


@dataclass(frozen=True)
class Replay:
    """What came out. `differences` names the components (or "score") that do not match, and "digest" where anything
    kept, down to a reference, is not what was written; empty when identical."""

    score_id: uuid.UUID
    kept_micro: int | None
    again_micro: int | None
    differences: tuple[str, ...]
    engine_then: str
    engine_now: str

    @property
    def is_identical(self) -> bool:
        return not self.differences

    @property
    def is_altered(self) -> bool:
        return DIGEST in self.differences


def replay_score(score: Score, versions: Mapping[uuid.UUID, PolicyVersion] | None = None) -> Replay:
    """Recomputes from the kept inputs and the locked plans they name; sources and current tables are not asked.

    `versions`: policy versions by id, when many scores are replayed with few versions.
    """
    wanted = [uuid.UUID(segment["version"]) for segment in score.evidence["segments"]]
    known = versions if versions is not None else PolicyVersion.objects.in_bulk(wanted)
    segments = segments_of(score, known)
    [again] = evidence.reckon(segments, [evidence.inputs_from(score.evidence)])
    return Replay(
        score_id=score.pk,
        kept_micro=score.score_micro,
        again_micro=again.score_micro,
        differences=_differences(score, again),
        engine_then=score.engine_version,
        engine_now=engine.ENGINE_VERSION,
    )


def segments_of(score: Score, versions: Mapping[uuid.UUID, PolicyVersion]) -> list[evidence.Segment]:
    """The stretches of days that the score keeps, with the locked plans that they name. `versions`: by id."""
    return [
        evidence.Segment(
            version_id=uuid.UUID(segment["version"]),
            number=segment["number"],
            starts_on=segment["from"],
            ends_on=segment["until"],
            days=segment["days"],
            plan=versions[uuid.UUID(segment["version"])].plan or {},
        )
        for segment in score.evidence["segments"]
    ]


def _differences(score: Score, again: evidence.Reckoned) -> tuple[str, ...]:
    kept_numbers = (score.score_micro, score.constant_micro, score.coverage_ppm)
    found = [] if kept_numbers == (again.score_micro, again.constant_micro, again.coverage_ppm) else ["score"]
    lines = {line["key"]: line for line in score.explanation["components"]}
    again_lines = {line["key"]: line for line in again.explanation["components"]}
    found += [key for key in sorted({*lines, *again_lines}) if lines.get(key) != again_lines.get(key)]
    if not found and score.explanation != again.explanation:
        found.append("score")
    written = evidence.digest(
        score.evidence, score.explanation, state=score.state, engine_version=score.engine_version
    )
    if written != score.digest:
        found.append(DIGEST)
    return tuple(found)
