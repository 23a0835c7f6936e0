"""What the database itself refuses: a published template that changes, a review that moves after it was sent or its
cycle signed off, and a cycle that goes back."""

from django.db import migrations

TEMPLATES = """
CREATE FUNCTION appraisals_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'published' THEN
        RAISE EXCEPTION 'a published template never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER appraisals_guard_version BEFORE UPDATE OR DELETE ON appraisals_templateversion
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_version();

CREATE FUNCTION appraisals_guard_section() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := NEW;
    ELSE
        touched := OLD;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM appraisals_templateversion
        WHERE organisation_id = touched.organisation_id AND id = touched.version_id AND state = 'draft'
    ) OR (TG_OP = 'UPDATE' AND NEW.version_id <> OLD.version_id) THEN
        RAISE EXCEPTION 'a published template never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER appraisals_guard_section BEFORE INSERT OR UPDATE OR DELETE ON appraisals_templatesection
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_section();
"""
REVIEWS = """
CREATE FUNCTION appraisals_guard_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM appraisals_cycleentry
        WHERE organisation_id = OLD.organisation_id AND id = OLD.entry_id
          AND state IN ('signed_off', 'published')
    ) THEN
        RAISE EXCEPTION 'a review never changes once its cycle is signed off'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'submitted' THEN
            RAISE EXCEPTION 'a review that was sent stays' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.entry_id <> OLD.entry_id OR NEW.kind <> OLD.kind THEN
        RAISE EXCEPTION 'a review stays with its person' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisals_guard_review BEFORE UPDATE OR DELETE ON appraisals_review
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_review();

CREATE FUNCTION appraisals_guard_answer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        touched := OLD;
    ELSE
        touched := NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM appraisals_review
        WHERE organisation_id = touched.organisation_id AND id = touched.review_id AND state = 'open'
    ) OR (TG_OP = 'UPDATE' AND NEW.review_id <> OLD.review_id) THEN
        RAISE EXCEPTION 'only an open review is written' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN touched;
END $$;
CREATE TRIGGER appraisals_guard_answer BEFORE INSERT OR UPDATE OR DELETE ON appraisals_reviewanswer
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_answer();
CREATE TRIGGER appraisals_guard_citation BEFORE INSERT OR UPDATE OR DELETE ON appraisals_citation
    FOR EACH ROW EXECUTE FUNCTION appraisals_guard_answer();
"""
CYCLE = """
CREATE OR REPLACE FUNCTION appraisals_guard_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' AND (
        TG_OP = 'DELETE' OR NEW.state = 'open'
        OR (OLD.state = 'published' AND NEW.state NOT IN ('published', 'closed'))
        OR (OLD.state = 'closed' AND NEW.state <> 'closed')
        OR NEW.period_id <> OLD.period_id
        OR NEW.template_version_id IS DISTINCT FROM OLD.template_version_id
    ) THEN
        RAISE EXCEPTION 'a cycle goes one way only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
"""
CYCLE_BEFORE = """
CREATE OR REPLACE FUNCTION appraisals_guard_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""
DROP_TEMPLATES = """
DROP TRIGGER appraisals_guard_version ON appraisals_templateversion;
DROP TRIGGER appraisals_guard_section ON appraisals_templatesection;
DROP FUNCTION appraisals_guard_version();
DROP FUNCTION appraisals_guard_section();
"""
DROP_REVIEWS = """
DROP TRIGGER appraisals_guard_review ON appraisals_review;
DROP TRIGGER appraisals_guard_answer ON appraisals_reviewanswer;
DROP TRIGGER appraisals_guard_citation ON appraisals_citation;
DROP FUNCTION appraisals_guard_review();
DROP FUNCTION appraisals_guard_answer();
"""


class Migration(migrations.Migration):
    dependencies = [("appraisals", "0003_reviews_and_stages")]

    operations = [
        migrations.RunSQL(TEMPLATES, DROP_TEMPLATES),
        migrations.RunSQL(REVIEWS, DROP_REVIEWS),
        migrations.RunSQL(CYCLE, CYCLE_BEFORE),
    ]
