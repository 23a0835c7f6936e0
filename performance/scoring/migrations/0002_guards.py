"""What the database itself refuses: approval by the proposer, changes after the lock, unapproved locks."""

from django.db import migrations

APPROVALS = """
CREATE FUNCTION scoring_guard_approval() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM scoring_policyversion
        WHERE organisation_id = NEW.organisation_id AND id = NEW.version_id
          AND state = 'proposed' AND proposed_by_id <> NEW.person_id
    ) THEN
        RAISE EXCEPTION 'a proposal is approved while it stands, and never by its proposer'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER scoring_guard_approval BEFORE INSERT OR UPDATE ON scoring_policyapproval
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_approval();
"""
VERSIONS = """
CREATE FUNCTION scoring_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approvals integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a version begins as a draft' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('locked', 'superseded') THEN
        IF TG_OP = 'DELETE' OR NEW.state NOT IN (OLD.state, 'superseded')
           OR to_jsonb(NEW) - 'state' - 'announced_at' IS DISTINCT FROM to_jsonb(OLD) - 'state' - 'announced_at'
        THEN
            RAISE EXCEPTION 'a locked version never changes' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT count(*) INTO approvals FROM scoring_policyapproval
        WHERE organisation_id = NEW.organisation_id AND version_id = NEW.id;
    IF NEW.state IN ('approved', 'locked', 'superseded') AND approvals < 2 THEN
        RAISE EXCEPTION 'both sides approve first' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF approvals > 0 AND NEW.proposed_by_id IS DISTINCT FROM OLD.proposed_by_id THEN
        RAISE EXCEPTION 'the proposer stays the proposer' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER scoring_guard_version BEFORE INSERT OR UPDATE OR DELETE ON scoring_policyversion
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_version();
"""
COMPONENTS = """
CREATE FUNCTION scoring_guard_component() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
    version uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN touched := OLD; ELSE touched := NEW; END IF;
    IF TG_TABLE_NAME = 'scoring_stagemultiplier' THEN
        SELECT version_id INTO version FROM scoring_policycomponent
            WHERE organisation_id = touched.organisation_id AND id = touched.component_id;
    ELSE
        version := touched.version_id;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM scoring_policyversion
        WHERE organisation_id = touched.organisation_id AND id = version AND state = 'draft'
    ) THEN
        RAISE EXCEPTION 'only a draft is edited' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN touched;
END $$;
CREATE TRIGGER scoring_guard_component BEFORE INSERT OR UPDATE OR DELETE ON scoring_policycomponent
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_component();
CREATE TRIGGER scoring_guard_component BEFORE INSERT OR UPDATE OR DELETE ON scoring_stagemultiplier
    FOR EACH ROW EXECUTE FUNCTION scoring_guard_component();
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]

    operations = [
        migrations.RunSQL(APPROVALS, "DROP FUNCTION scoring_guard_approval CASCADE"),
        migrations.RunSQL(VERSIONS, "DROP FUNCTION scoring_guard_version CASCADE"),
        migrations.RunSQL(COMPONENTS, "DROP FUNCTION scoring_guard_component CASCADE"),
    ]
