"""How a score is kept, and read again: in columns, with what many scores share beside them.

Everybody whom the same versions govern on the same days shares a basis: the stretches, the components, and how the
weights came about. Trails that lead to the same numbers are shared, too. Both are named by their content, so that a
score which names them names every letter of them, and writing one twice is writing it once.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Protocol

from performance.engine import score
from performance.foundation import evidence, tenancy
from performance.scoring.evidence.columns import Input
from performance.scoring.evidence.segments import Segment, keys_of

#: Shared trail → its references.
Trails = Mapping[str, Sequence[Mapping[str, str]]]
REF_FIELDS = evidence.Ref._fields
REF_TEXT = "{" + ",".join(f'"{name}":%s' for name in REF_FIELDS) + "}"
#: What a reference is called, and what is written beside it, for whoever reads.
WORDS = ("label_en", "label_zh", "note_en", "note_zh")


class Numbers(Protocol):
    """A score's columns, kept or just reckoned. Inputs by stretch and component (S×K, one stretch after another), sums by
    component (K), in the order of the basis."""

    score_micro: Any
    constant_micro: Any
    coverage_ppm: Any
    raw_micro: Any
    covered_ppm: Any
    provisional: Any
    previous_micro: Any
    value_micro: Any
    treatment: Any
    effective_ppm: Any
    constant_ppm: Any
    contribution_micro: Any
    constant_contribution_micro: Any


def content_id(text: str) -> uuid.UUID:
    """The name of a content, for the organisation that we act for."""
    owner = tenancy.current_organisation_id().bytes
    return uuid.UUID(bytes=hashlib.sha256(owner + text.encode()).digest()[:16], version=5)


def canonical(content: Any) -> str:
    """One spelling: sorted keys, no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def trail_text(trail: Iterable[evidence.Ref]) -> str:
    """References as they are kept: a JSON list of objects, the fields in their order, without a tab or a line's end."""
    return f"[{','.join([REF_TEXT % tuple(map(encode_basestring, ref)) for ref in trail])}]"


def kept_text(refs: Iterable[Mapping[str, str]]) -> str:
    """The text of references that were kept as JSON."""
    return trail_text(evidence.Ref(**ref) for ref in refs)


def basis_of(segments: Sequence[Segment]) -> dict[str, Any]:
    """What the scores of all people under these stretches share. `place`: the last stretch that has the component."""
    keys = keys_of(segments)
    places = {key: max(at for at, each in enumerate(segments) if key in each.components) for key in keys}
    planned = {key: segments[places[key]].components[key] for key in keys}
    return {
        "segments": [
            {
                "version": str(segment.version_id),
                "number": segment.number,
                "from": segment.starts_on,
                "until": segment.ends_on,
                "days": segment.days,
                "keys": sorted(segment.components),
            }
            for segment in segments
        ],
        "components": [
            {
                "key": key,
                "place": places[key],
                "base_ppm": planned[key]["base_ppm"],
                "factors": [dict(factor) for factor in planned[key]["factors"]],
                "planned_ppm": planned[key]["effective_ppm"],
                "guardrails": list(planned[key]["guardrails"]),
            }
            for key in keys
        ],
    }


def component_keys(basis: Mapping[str, Any]) -> list[str]:
    """The components in the order of the columns."""
    return [component["key"] for component in basis["components"]]


def explanation(basis: Mapping[str, Any], numbers: Numbers) -> dict[str, Any]:
    """The whole sum: each component from its raw value to its points, and what moved its weight."""
    width = len(basis["components"])
    lines = []
    for at, component in enumerate(basis["components"]):
        given = component["place"] * width + at
        treatment = score.TREATMENTS[numbers.treatment[at]]
        lines.append(
            {
                "key": component["key"],
                "raw_micro": _whole(numbers.raw_micro[given]),
                "value_micro": None if treatment == "left_out" else numbers.value_micro[at],
                "treatment": treatment,
                "base_ppm": component["base_ppm"],
                "factors": component["factors"],
                "planned_ppm": component["planned_ppm"],
                "guardrails": component["guardrails"],
                "effective_ppm": numbers.effective_ppm[at],
                "constant_ppm": numbers.constant_ppm[at],
                "contribution_micro": numbers.contribution_micro[at],
                "constant_contribution_micro": numbers.constant_contribution_micro[at],
                "coverage_ppm": numbers.covered_ppm[given],
                "provisional": numbers.provisional[given],
            }
        )
    return {
        "score_micro": numbers.score_micro,
        "constant_micro": numbers.constant_micro,
        "coverage_ppm": numbers.coverage_ppm,
        "segments": [{"number": each["number"], "days": each["days"]} for each in basis["segments"]],
        "components": lines,
    }


def inputs_from(basis: Mapping[str, Any], numbers: Numbers) -> list[dict[str, Input]]:
    """What a score was computed from: one mapping a stretch."""
    keys = [component["key"] for component in basis["components"]]
    found = []
    for place, segment in enumerate(basis["segments"]):
        of_segment = {}
        for key in segment["keys"]:
            at = place * len(keys) + keys.index(key)
            of_segment[key] = Input(
                value_micro=_whole(numbers.raw_micro[at]),
                coverage_ppm=numbers.covered_ppm[at],
                provisional=numbers.provisional[at],
                previous_micro=numbers.previous_micro[at] if numbers.previous_micro else None,
            )
        found.append(of_segment)
    return found


def whole_evidence(
    basis: Mapping[str, Any], numbers: Numbers, refs: str, trails: Trails
) -> dict[str, list[dict[str, Any]]]:
    """The inputs with their trails, as whoever reads a score wants them."""
    keys = [component["key"] for component in basis["components"]]
    kept = json.loads(refs)
    segments = []
    for place, (segment, inputs) in enumerate(
        zip(basis["segments"], inputs_from(basis, numbers), strict=True)
    ):
        stretch = {name: segment[name] for name in ("version", "number", "from", "until", "days")}
        stretch["inputs"] = {
            key: {
                "value_micro": given.value_micro,
                "coverage_ppm": given.coverage_ppm,
                "provisional": given.provisional,
                "previous_micro": given.previous_micro,
                "refs": _refs(kept[place * len(keys) + keys.index(key)], trails),
            }
            for key, given in sorted(inputs.items())
        }
        segments.append(stretch)
    return {"segments": segments}


def shared_in(refs: str) -> set[str]:
    """The shared trails that kept references name."""
    return {each for each in json.loads(refs) if isinstance(each, str)}


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two whole evidences say the same, whatever it is called."""
    return _wordless(one) == _wordless(other)


def parts(numbers: Numbers) -> str:
    """The columns of one score as they are written, in the order of `COLUMNS`, a tab between them."""
    previous = numbers.previous_micro
    columns: list[Sequence[Any]] = [
        [numbers.score_micro],
        [numbers.constant_micro],
        [numbers.coverage_ppm],
        [[_whole(value) for value in numbers.raw_micro]],
        [list(numbers.covered_ppm)],
        [list(numbers.provisional)],
        [None if previous is None else list(previous)],
        [list(numbers.value_micro)],
        [list(numbers.treatment)],
        [list(numbers.effective_ppm)],
        [list(numbers.constant_ppm)],
        [list(numbers.contribution_micro)],
        [list(numbers.constant_contribution_micro)],
    ]
    return parts_of_all(columns)[0]


def parts_of_all(columns: Sequence[Sequence[Any]]) -> list[str]:
    """`parts` of many scores, from the columns of `Numbers` in its order: a number or None a score, or a list of them. Each
    column is spelt as a whole, which takes a tenth of the time."""
    return ["\t".join(row) for row in zip(*map(_spelt, columns), strict=True)]


def _spelt(column: Sequence[Any]) -> Sequence[str]:
    """What PostgreSQL reads, in one spelling."""
    if not column:
        return []
    if all(isinstance(value, list) for value in column):
        rows = str(column)[2:-2].replace(" ", "").replace("None", "NULL").split("],[")
        return [f"{{{row}}}" for row in rows]
    if any(isinstance(value, list) for value in column):
        return [NULL if value is None else _spelt([value])[0] for value in column]
    return [NULL if value is None else str(value) for value in column]


#: What `parts` gives: column → its type.
COLUMNS = {
    "score_micro": "bigint",
    "constant_micro": "bigint",
    "coverage_ppm": "integer",
    "raw_micro": "numeric[]",
    "covered_ppm": "integer[]",
    "provisional": "boolean[]",
    "previous_micro": "bigint[]",
    "value_micro": "bigint[]",
    "treatment": "smallint[]",
    "effective_ppm": "integer[]",
    "constant_ppm": "integer[]",
    "contribution_micro": "bigint[]",
    "constant_contribution_micro": "bigint[]",
}
NULL = "\\N"


def digest(basis_id: uuid.UUID, written: str, refs: str, *, state: str, engine_version: str) -> str:
    """Of everything that makes a score what it is: as it is written (see `parts`), in one spelling."""
    whole = f"{basis_id}\t{state}\t{engine_version}\t{written}\t{refs}"
    return hashlib.sha256(whole.encode()).hexdigest()


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _refs(kept: Any, trails: Trails) -> list[dict[str, str]]:
    found = trails.get(kept, ()) if isinstance(kept, str) else kept
    return [dict(ref) for ref in found]


def _wordless(kept: Mapping[str, Any]) -> list[Any]:
    return [
        (
            {name: value for name, value in segment.items() if name != "inputs"},
            {
                key: (
                    {name: value for name, value in given.items() if name != "refs"},
                    [
                        {name: value for name, value in ref.items() if name not in WORDS}
                        for ref in given["refs"]
                    ],
                )
                for key, given in segment["inputs"].items()
            },
        )
        for segment in kept["segments"]
    ]
