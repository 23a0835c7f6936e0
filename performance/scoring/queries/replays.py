"""Replay: compute a score again from what it kept, and compare to the last bit."""

import uuid
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from performance import engine
from performance.scoring import evidence
from performance.scoring.models import PolicyVersion, Score, ScoreTrail

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


def replay_score(
    score: Score,
    versions: Mapping[uuid.UUID, PolicyVersion] | None = None,
    trails: Container[uuid.UUID] | None = None,
) -> Replay:
    """Recomputes from the kept inputs and the locked plans they name; sources and current tables are not asked.

    `versions`: policy versions by id, and `trails`: those that are what names them, when many scores are replayed.
    """
    wanted = [uuid.UUID(segment["version"]) for segment in evidence.segments_named(score)]
    known = versions if versions is not None else PolicyVersion.objects.in_bulk(wanted)
    [replay] = replay_scores([score], known, untouched_trails([score]) if trails is None else trails)
    return replay


def replay_scores(
    scores: Sequence[Score], versions: Mapping[uuid.UUID, PolicyVersion], trails: Container[uuid.UUID]
) -> list[Replay]:
    """`replay_score` of many, in their order: those that share a basis are recomputed in one go."""
    alike: dict[uuid.UUID, list[Score]] = {}
    for score in scores:
        alike.setdefault(score.basis_id, []).append(score)
    again: dict[uuid.UUID, evidence.Reckoned] = {}
    for together in alike.values():
        segments = segments_of(together[0], versions)
        reckoned = evidence.reckon(segments, [evidence.inputs_of(score) for score in together])
        again.update(zip((score.pk for score in together), reckoned, strict=True))
    return [
        Replay(
            score_id=score.pk,
            kept_micro=score.score_micro,
            again_micro=again[score.pk].score_micro,
            differences=_differences(score, again[score.pk], trails),
            engine_then=score.engine_version,
            engine_now=engine.ENGINE_VERSION,
        )
        for score in scores
    ]


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
        for segment in evidence.segments_named(score)
    ]


def _differences(score: Score, again: evidence.Reckoned, trails: Container[uuid.UUID]) -> tuple[str, ...]:
    kept_numbers = (score.score_micro, score.constant_micro, score.coverage_ppm)
    found = [] if kept_numbers == (again.score_micro, again.constant_micro, again.coverage_ppm) else ["score"]
    kept = evidence.explanation_of(score)
    lines = {line["key"]: line for line in kept["components"]}
    again_lines = {line["key"]: line for line in again.explanation["components"]}
    found += [key for key in sorted({*lines, *again_lines}) if lines.get(key) != again_lines.get(key)]
    if not found and kept != again.explanation:
        found.append("score")
    if _is_altered(score, trails):
        found.append(DIGEST)
    return tuple(found)


def _is_altered(score: Score, trails: Container[uuid.UUID]) -> bool:
    """Whether anything kept is not what was written; basis and shared trails are named by their own content."""
    written = evidence.digest(
        score.basis_id,
        evidence.parts(score),
        score.refs,
        state=score.state,
        engine_version=score.engine_version,
    )
    basis_id = evidence.content_id(evidence.canonical(score.basis.content))
    is_whole = written == score.digest and basis_id == score.basis_id
    return not is_whole or any(named not in trails for named in evidence.trails_named([score]))


def untouched_trails(scores: Iterable[Score]) -> set[uuid.UUID]:
    """The shared trails of these scores that are what names them. One query."""
    found = ScoreTrail.objects.filter(pk__in=evidence.trails_named(scores))
    return {trail.pk for trail in found if evidence.content_id(evidence.kept_text(trail.refs)) == trail.pk}
