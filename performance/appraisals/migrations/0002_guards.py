"""What the database itself refuses: a signed-off result that moves, and bands that change afterwards."""

from django.db import migrations

ENTRIES = """
CREATE FUNCTION appraisals_guard_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('signed_off', 'published') THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE'
       OR to_jsonb(NEW) - 'state' - 'announced_at' - 'seen_at'
          IS DISTINCT FROM to_jsonb(OLD) - 'state' - 'announced_at' - 'seen_at'
       OR (NEW.state <> OLD.state AND NEW.state <> 'published')
    THEN
        RAISE EXCEPTION 'a signed-off result never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisals_guard_entry BEFORE UPDATE OR DELETE ON appraisals_cycleentry
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_entry();
"""
BANDS = """
CREATE FUNCTION appraisals_guard_band() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        touched := OLD;
    ELSE
        touched := NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM appraisals_cycle
        WHERE organisation_id = touched.organisation_id AND id = touched.cycle_id AND state = 'open'
    ) THEN
        RAISE EXCEPTION 'bands are fixed once a cycle is signed off'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN touched;
END $$;
CREATE TRIGGER appraisals_guard_band BEFORE INSERT OR UPDATE OR DELETE ON appraisals_band
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_band();
"""
CYCLES = """
CREATE FUNCTION appraisals_guard_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND (
        TG_OP = 'DELETE' OR NEW.state = 'open'
        OR (OLD.state = 'published' AND NEW.state <> 'published')
        OR NEW.period_id <> OLD.period_id
    ) THEN
        RAISE EXCEPTION 'a cycle goes one way only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER appraisals_guard_cycle BEFORE UPDATE OR DELETE ON appraisals_cycle
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_cycle();
"""


def _drop(table: str) -> str:
    return (
        f"DROP TRIGGER appraisals_guard_{table} ON appraisals_{'cycleentry' if table == 'entry' else table};"
        f"DROP FUNCTION appraisals_guard_{table}();"
    )


class Migration(migrations.Migration):
    dependencies = [("appraisals", "0001_initial")]

    operations = [
        migrations.RunSQL(ENTRIES, _drop("entry")),
        migrations.RunSQL(BANDS, _drop("band")),
        migrations.RunSQL(CYCLES, _drop("cycle")),
    ]
