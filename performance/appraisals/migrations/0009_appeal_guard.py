"""What the database itself refuses: an appeal that moves after it has ended, or that is taken away."""

from django.db import migrations

GUARD = """
CREATE FUNCTION appraisals_guard_appeal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.entry_id <> OLD.entry_id OR (OLD.state <> 'open'
        AND to_jsonb(NEW) - 'reason' - 'decision' IS DISTINCT FROM to_jsonb(OLD) - 'reason' - 'decision')
    THEN
        RAISE EXCEPTION 'the record of an appeal stays' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisals_guard_appeal BEFORE UPDATE OR DELETE ON appraisals_appeal
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_appeal();
"""
DROP = "DROP TRIGGER appraisals_guard_appeal ON appraisals_appeal; DROP FUNCTION appraisals_guard_appeal();"


class Migration(migrations.Migration):
    dependencies = [("appraisals", "0008_appeals")]

    operations = [migrations.RunSQL(GUARD, DROP)]
