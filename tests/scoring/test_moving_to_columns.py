"""Scores that were kept as JSON move to columns: the migration's own statements on tables of the old shape."""

import hashlib
import importlib
import json
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from performance.foundation import evidence as sources
from performance.foundation import tenancy
from performance.scoring import evidence
from performance.scoring.evidence import keeping
from performance.scoring.evidence.columns import Input
from tests import services

moving = importlib.import_module("performance.scoring.migrations.0009_kept_scores_move_to_columns")
ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
ARRAYS = [name for name, kind in evidence.COLUMNS.items() if kind.endswith("[]")]
REF = sources.Ref('Ledger "6401"', "总账\t6401", "/metrics/", "3", "5,050", "")
#: As the tables were before, in the schema of the session alone, which is looked into first.
TABLES = f"""
    CREATE TEMP TABLE people_organisation (id uuid);
    CREATE TEMP TABLE scoring_scorebasis (id uuid PRIMARY KEY, organisation_id uuid, content jsonb);
    CREATE TEMP TABLE scoring_score (id uuid, organisation_id uuid, state text, engine_version text,
        score_micro bigint, constant_micro bigint, coverage_ppm integer, evidence jsonb, explanation jsonb,
        digest text, basis_id uuid, refs text,
        {", ".join(f"{name} {evidence.COLUMNS[name]}" for name in ARRAYS)})
"""


def _planned(key: str, base_ppm: int) -> dict[str, Any]:
    return {
        "key": key,
        "curve": {"kind": "identity"},
        "base_ppm": base_ppm,
        "effective_ppm": base_ppm,
        "factors": [{"kind": "stage", "key": "mature", "stated_ppm": 1_200_000, "applied_ppm": 1_200_000}],
        "guardrails": ["max"],
    }


def _segments() -> list[evidence.Segment]:
    """Two stretches that share one component, each with one of its own."""
    plans = [
        {"missing": "carry_forward", "components": [_planned("goals", 600_000), _planned("margin", 400_000)]},
        {"missing": "leave_out", "components": [_planned("goals", 500_000), _planned("turnover", 500_000)]},
    ]
    return [
        evidence.Segment(uuid.UUID(int=10 + at), at + 1, f"2026-0{at + 1}-01", f"2026-0{at + 1}-28", 28, plan)
        for at, plan in enumerate(plans)
    ]


INPUTS = [
    {"goals": Input(80_000_000, 900_000, True), "margin": Input(previous_micro=61_234_567)},
    {"goals": Input(82_000_001, 1_000_000, False), "turnover": Input(3 * 10**24 + 1, 1_000_000, False)},
]


@pytest.fixture
def database(database_server: None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(services.owner_url()) as connection:
        connection.execute(TABLES)
        yield connection
        connection.rollback()


def _as_it_was(reckoned: evidence.Reckoned) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Evidence, explanation, and the digest of both, as scores were kept before."""
    width = len(reckoned.basis["components"])
    refs = f"[{','.join([keeping.trail_text([REF])] + ['[]'] * (2 * width - 1))}]"
    kept, sums = evidence.whole_evidence(reckoned.basis, reckoned, refs, {}), reckoned.explanation
    whole = {"evidence": kept, "explanation": sums, "state": "frozen", "engine": "1"}
    spelt = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return kept, sums, hashlib.sha256(spelt.encode()).hexdigest()


def test_each_number_is_as_it_was_for_its_organisation_and_what_was_altered_goes_on_saying_so(
    database: psycopg.Connection,
) -> None:
    [reckoned] = evidence.reckon(_segments(), [INPUTS])
    assert reckoned.previous_micro is not None
    kept, sums, digest = _as_it_was(reckoned)
    rows = [(uuid.uuid4(), ONE, digest), (uuid.uuid4(), OTHER, digest), (uuid.uuid4(), OTHER, "0" * 64)]
    for score_id, organisation_id, written in rows:
        database.execute(
            "INSERT INTO scoring_score (id, organisation_id, state, engine_version, score_micro, constant_micro,"
            " coverage_ppm, evidence, explanation, digest) VALUES (%s, %s, 'frozen', '1', %s, %s, %s, %s, %s, %s)",
            [
                score_id,
                organisation_id,
                *(reckoned.score_micro, reckoned.constant_micro, reckoned.coverage_ppm),
                *(json.dumps(kept), json.dumps(sums), written),
            ],
        )
    database.execute("INSERT INTO people_organisation VALUES (%s), (%s)", [ONE, OTHER])

    moving.move(None, SimpleNamespace(connection=database))

    for score_id, organisation_id, written in rows:
        names = ", ".join(["basis_id", "refs", "digest", *ARRAYS])
        found = database.execute(f"SELECT {names} FROM scoring_score WHERE id = %s", [score_id]).fetchone()
        assert found is not None
        basis_id, refs, moved_digest, *arrays = found
        for name, array in zip(ARRAYS, arrays, strict=True):
            assert [None if each is None else int(each) for each in array] == [
                None if each is None else int(each) for each in getattr(reckoned, name)
            ], name
        with tenancy.remembering(organisation_id):
            assert basis_id == evidence.content_id(evidence.canonical(reckoned.basis))
        content = database.execute(
            "SELECT content FROM scoring_scorebasis WHERE id = %s", [basis_id]
        ).fetchone()
        assert content == (reckoned.basis,)
        assert evidence.whole_evidence(reckoned.basis, reckoned, refs, {}) == kept
        expected = evidence.digest(
            basis_id, evidence.parts(reckoned), refs, state="frozen", engine_version="1"
        )
        assert moved_digest == (expected if written == digest else written)
