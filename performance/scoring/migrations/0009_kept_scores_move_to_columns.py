"""Scores that were kept as JSON move to their columns, each number as it was.

The digest is one of another spelling now. Whether a score was what had been written is judged before it is moved: one
that was altered keeps its old digest, so that a replay goes on saying so.
"""

import hashlib
import json
import uuid
from json.encoder import encode_basestring

from django.db import migrations

TREATMENTS = ("measured", "carried", "zero", "left_out")
REF_FIELDS = ("label_en", "label_zh", "url", "version", "note_en", "note_zh")
AT_ONCE = 500
UPDATE = """
UPDATE scoring_score SET basis_id = %s, raw_micro = %s::numeric[], covered_ppm = %s::integer[],
    provisional = %s::boolean[], previous_micro = %s::bigint[], value_micro = %s::bigint[],
    treatment = %s::smallint[], effective_ppm = %s::integer[], constant_ppm = %s::integer[],
    contribution_micro = %s::bigint[], constant_contribution_micro = %s::bigint[], refs = %s, digest = %s
WHERE id = %s
"""


def move(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM people_organisation")
        for (organisation_id,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.organisation', %s, true)", [str(organisation_id)])
            _move_all(cursor, organisation_id)
        cursor.execute("SELECT set_config('app.organisation', '', true)")


def _move_all(cursor, organisation_id):
    last = uuid.UUID(int=0)
    while True:
        cursor.execute(
            "SELECT id, state, engine_version, score_micro, constant_micro, coverage_ppm, evidence, explanation, digest"
            " FROM scoring_score WHERE organisation_id = %s AND id > %s AND basis_id IS NULL ORDER BY id LIMIT %s",
            [organisation_id, last, AT_ONCE],
        )
        rows = cursor.fetchall()
        if not rows:
            return
        for row in rows:
            _move_one(cursor, organisation_id, *row)
        last = rows[-1][0]


def _move_one(
    cursor, organisation_id, score_id, state, engine, total, constant, coverage, evidence, explanation, digest
):
    evidence, explanation = (
        json.loads(each) if isinstance(each, str) else each for each in (evidence, explanation)
    )
    segments, lines = evidence["segments"], explanation["components"]
    basis = {
        "segments": [
            {
                **{name: each[name] for name in ("version", "number", "from", "until", "days")},
                "keys": sorted(each["inputs"]),
            }
            for each in segments
        ],
        "components": [
            {
                "key": line["key"],
                "place": max(at for at, each in enumerate(segments) if line["key"] in each["inputs"]),
                **{name: line[name] for name in ("base_ppm", "factors", "planned_ppm", "guardrails")},
            }
            for line in lines
        ],
    }
    text = json.dumps(basis, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    basis_id = uuid.UUID(
        bytes=hashlib.sha256(organisation_id.bytes + text.encode()).digest()[:16], version=5
    )
    cursor.execute(
        "INSERT INTO scoring_scorebasis (id, organisation_id, content) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [basis_id, organisation_id, text],
    )
    given = [each["inputs"].get(line["key"]) or {} for each in segments for line in lines]
    previous = [each.get("previous_micro") for each in given]
    columns = [
        _array([each.get("value_micro") for each in given]),
        _array([each.get("coverage_ppm", 0) for each in given]),
        _array([each.get("provisional", True) for each in given]),
        None if all(each is None for each in previous) else _array(previous),
        _array([line["value_micro"] or 0 for line in lines]),
        _array([TREATMENTS.index(line["treatment"]) for line in lines]),
        *(
            _array([line[name] for line in lines])
            for name in (
                "effective_ppm",
                "constant_ppm",
                "contribution_micro",
                "constant_contribution_micro",
            )
        ),
    ]
    refs = f"[{','.join(_refs(each.get('refs', ())) for each in given)}]"
    if _is_untouched(evidence, explanation, state, engine, digest):
        written = [_text(each) for each in (total, constant, coverage, *columns)]
        whole = "\t".join([str(basis_id), state, engine, *written, refs])
        digest = hashlib.sha256(whole.encode()).hexdigest()
    cursor.execute(UPDATE, [basis_id, *columns, refs, digest, score_id])


def _is_untouched(evidence, explanation, state, engine, digest):
    whole = {"evidence": evidence, "explanation": explanation, "state": state, "engine": engine}
    spelt = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelt.encode()).hexdigest() == digest


def _array(values):
    return f"{{{str(list(values))[1:-1].replace(' ', '').replace('None', 'NULL')}}}"


def _text(value):
    return "\\N" if value is None else str(value)


def _refs(refs):
    parts = []
    for ref in refs:
        inner = ",".join(f'"{name}":{encode_basestring(ref.get(name, ""))}' for name in REF_FIELDS)
        parts.append(f"{{{inner}}}")
    return f"[{','.join(parts)}]"


class Migration(migrations.Migration):
    dependencies = [("scoring", "0008_scores_in_columns")]

    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
