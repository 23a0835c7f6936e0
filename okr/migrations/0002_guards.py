"""What constraints cannot say: no cycles among objectives, and a version's text never changes."""

from django.db import migrations

NO_CYCLES = """
CREATE FUNCTION okr_refuse_alignment_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- One link of an organisation at a time: of two links that would close a cycle together, the second waits
    -- for the first and then sees it.
    PERFORM pg_advisory_xact_lock(hashtextextended('okr.alignment ' || NEW.organisation_id::text, 0));
    IF EXISTS (
        WITH RECURSIVE above(id) AS (
            SELECT NEW.parent_id
            UNION
            SELECT link.parent_id FROM okr_alignment link JOIN above ON link.child_id = above.id
            WHERE link.organisation_id = NEW.organisation_id
        )
        SELECT 1 FROM above WHERE id = NEW.child_id
    ) THEN
        RAISE EXCEPTION 'alignment would close a cycle'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'alignment_without_cycle';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alignment_without_cycle BEFORE INSERT OR UPDATE ON okr_alignment
    FOR EACH ROW EXECUTE FUNCTION okr_refuse_alignment_cycle();
"""

LASTING_CONTENT = """
CREATE FUNCTION okr_refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.content, NEW.number, NEW.objective_id, NEW.by_id, NEW.at)
        IS DISTINCT FROM (OLD.content, OLD.number, OLD.objective_id, OLD.by_id, OLD.at) THEN
        RAISE EXCEPTION 'the text of a version does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'version_keeps_its_text';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_keeps_its_text BEFORE UPDATE ON okr_objectiveversion
    FOR EACH ROW EXECUTE FUNCTION okr_refuse_rewriting();
"""


class Migration(migrations.Migration):
    dependencies = [("okr", "0001_initial")]
    operations = [
        migrations.RunSQL(
            NO_CYCLES,
            "DROP TRIGGER alignment_without_cycle ON okr_alignment; DROP FUNCTION okr_refuse_alignment_cycle()",
        ),
        migrations.RunSQL(
            LASTING_CONTENT,
            "DROP TRIGGER version_keeps_its_text ON okr_objectiveversion; DROP FUNCTION okr_refuse_rewriting()",
        ),
    ]
