"""Questions about scores; and the versions of weights that a run goes by, pinned at its first batch."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid_utils.compat
from django.db import migrations, models

import performance.foundation.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0007_calendars_follow_the_organisation"),
        ("scoring", "0004_bands_and_simulations"),
    ]

    operations = [
        migrations.AddField(
            model_name="scorerun",
            name="versions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), null=True, size=None, verbose_name="versions"
            ),
        ),
        migrations.CreateModel(
            name="ScoreQuestion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("component_key", models.SlugField(blank=True, max_length=60, verbose_name="component")),
                (
                    "component_en",
                    models.CharField(blank=True, max_length=120, verbose_name="component in English"),
                ),
                (
                    "component_zh",
                    models.CharField(blank=True, max_length=120, verbose_name="component in Chinese"),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[("number", "Its score"), ("weight", "Its weight")],
                        default="number",
                        max_length=10,
                        verbose_name="about",
                    ),
                ),
                (
                    "falls_to",
                    models.CharField(
                        choices=[
                            ("manager", "The manager"),
                            ("metric", "The owners of the metric"),
                            ("policy", "Whoever proposed the weights"),
                            ("hr", "HR"),
                        ],
                        max_length=10,
                        verbose_name="answered by",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked at")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="first answered at")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed at")),
                ("once_key", models.UUIDField(editable=False, null=True)),
                (
                    "asked_by",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "closed_by",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "organisation",
                    performance.foundation.tenancy.OrganisationKey(
                        db_index=False,
                        default=performance.foundation.tenancy.organisation_id_or_none,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "score",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="scoring.score",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="QuestionPost",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="at")),
                ("text", models.TextField(verbose_name="text")),
                ("once_key", models.UUIDField(editable=False, null=True)),
                (
                    "by",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "organisation",
                    performance.foundation.tenancy.OrganisationKey(
                        db_index=False,
                        default=performance.foundation.tenancy.organisation_id_or_none,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "question",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="posts",
                        to="scoring.scorequestion",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="QuestionAnswerer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "organisation",
                    performance.foundation.tenancy.OrganisationKey(
                        db_index=False,
                        default=performance.foundation.tenancy.organisation_id_or_none,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.organisation",
                    ),
                ),
                (
                    "person",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.person",
                    ),
                ),
                (
                    "question",
                    performance.foundation.tenancy.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answerers",
                        to="scoring.scorequestion",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
            },
        ),
        migrations.AddIndex(
            model_name="scorequestion",
            index=models.Index(fields=["organisation", "score"], name="score_question_by_score"),
        ),
        migrations.AddConstraint(
            model_name="scorequestion",
            constraint=models.UniqueConstraint(
                fields=("organisation", "asked_by", "once_key"), name="score_question_asked_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="scorequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", ["number", "weight"])), name="score_question_about_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="scorequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("falls_to__in", ["manager", "metric", "policy", "hr"])),
                name="score_question_falls_to_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="scorequestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", False), ("closed_by__isnull", True), _connector="OR"
                ),
                name="score_question_closed_by",
            ),
        ),
        migrations.AddIndex(
            model_name="questionpost",
            index=models.Index(fields=["organisation", "question", "at"], name="question_post_by_question"),
        ),
        migrations.AddConstraint(
            model_name="questionpost",
            constraint=models.UniqueConstraint(
                fields=("organisation", "by", "once_key"), name="question_post_sent_once"
            ),
        ),
        migrations.AddIndex(
            model_name="questionanswerer",
            index=models.Index(fields=["organisation", "person"], name="question_by_answerer"),
        ),
        migrations.AddConstraint(
            model_name="questionanswerer",
            constraint=models.UniqueConstraint(
                fields=("organisation", "question", "person"), name="question_answerer_once"
            ),
        ),
    ]
