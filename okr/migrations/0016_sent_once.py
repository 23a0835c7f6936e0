"""What is sent twice is kept once, and the reason under a signed version stays as it was signed."""

from django.db import migrations, models

LASTING = """
CREATE OR REPLACE FUNCTION okr_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF ({new}) IS DISTINCT FROM ({old}) THEN
        RAISE EXCEPTION 'the text of a version does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_keeps_its_text';
    END IF;
    RETURN NEW;
END $$;
"""
KEPT_BEFORE = ("content", "number", "objective_id", "by_id", "at")


def keeping(*columns: str) -> str:
    """The guard of a version, which lets none of these be rewritten."""
    sides = {side.lower(): ", ".join(f"{side}.{column}" for column in columns) for side in ("NEW", "OLD")}
    return LASTING.format(**sides)


class Migration(migrations.Migration):

    dependencies = [
        ('okr', '0015_checkpoints'),
        ('people', '0007_calendars_follow_the_organisation'),
    ]

    operations = [
        migrations.AddField(
            model_name='checkinreply',
            name='once_key',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='comment',
            name='once_key',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='objective',
            name='once_key',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='objectiveversion',
            name='once_key',
            field=models.UUIDField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='checkinreply',
            constraint=models.UniqueConstraint(fields=('organisation', 'by', 'once_key'), name='okr_reply_sent_once'),
        ),
        migrations.AddConstraint(
            model_name='comment',
            constraint=models.UniqueConstraint(fields=('organisation', 'by', 'once_key'), name='okr_comment_sent_once'),
        ),
        migrations.AddConstraint(
            model_name='objective',
            constraint=models.UniqueConstraint(fields=('organisation', 'proposed_by', 'once_key'), name='objective_sent_once'),
        ),
        migrations.AddConstraint(
            model_name='objectiveversion',
            constraint=models.UniqueConstraint(fields=('organisation', 'by', 'once_key'), name='okr_version_sent_once'),
        ),
        migrations.RunSQL(keeping(*KEPT_BEFORE, "reason"), keeping(*KEPT_BEFORE)),
    ]
