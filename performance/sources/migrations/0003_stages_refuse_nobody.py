"""The wall around rows on their way holds without an organisation too.

A check passes when its answer is unknown, and `organisation_id = NULL` is. A session that acted for nobody could put
rows into a stage. The check now asks for a plain yes, in new stages and in those that exist.
"""

from django.db import migrations

SHAPE = """
CREATE OR REPLACE FUNCTION dataset_rows.shape(p_dataset uuid, p_columns jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation uuid := dataset_rows.own_dataset(p_dataset);
    kept text := 'd_' || replace(p_dataset::text, '-', '');
    gate text := 'g_' || replace(p_dataset::text, '-', '');
    staged text := 's_' || replace(p_dataset::text, '-', '');
    here constant text := 'organisation_id = NULLIF(current_setting(''app.organisation'', true), '''')::uuid';
    one text;
    spec jsonb;
    present record;
    wanted text;
    keys text;
BEGIN
    IF jsonb_typeof(p_columns) <> 'array' OR jsonb_array_length(p_columns) NOT BETWEEN 1 AND 500 THEN
        RAISE EXCEPTION 'a dataset has 1 to 500 columns' USING ERRCODE = 'check_violation';
    END IF;
    FOR spec IN SELECT value FROM jsonb_array_elements(p_columns) LOOP
        IF (spec->>'key') !~ '^[a-z][a-z0-9_]{0,49}$' OR dataset_rows.sql_type(spec->>'type') IS NULL
            OR (spec->>'key') IN ('organisation_id', 'load_id', 'row_no', 'tableoid', 'xmin', 'cmin', 'xmax',
                                  'cmax', 'ctid') THEN
            RAISE EXCEPTION 'not a column: %', spec USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;

    EXECUTE format('CREATE TABLE IF NOT EXISTS dataset_rows.%I (organisation_id uuid NOT NULL'
        ' CHECK (organisation_id = %L), load_id uuid NOT NULL)', kept, organisation);
    -- Rows on their way: lost in a crash of the server, then simply read again. COPY refuses tables with row
    -- security, so this one has the same wall in other words: the application's role may only insert, the check
    -- asks whom the session acts for, and reading goes through a view that asks the same.
    -- Without an organisation the comparison is unknown, which a check lets pass; IS TRUE does not. NOT VALID makes
    -- a dump bring the check back after the rows, for who restores it acts for no organisation.
    EXECUTE format('CREATE UNLOGGED TABLE IF NOT EXISTS dataset_rows.%I (organisation_id uuid NOT NULL,'
        ' load_id uuid NOT NULL, row_no bigint NOT NULL)', gate);
    EXECUTE format('ALTER TABLE dataset_rows.%I DROP CONSTRAINT IF EXISTS wall,'
        ' ADD CONSTRAINT wall CHECK ((organisation_id = %L AND %s) IS TRUE) NOT VALID', gate, organisation, here);
    EXECUTE format('DROP VIEW IF EXISTS dataset_rows.%I', staged);

    EXECUTE format('ALTER TABLE dataset_rows.%I ENABLE ROW LEVEL SECURITY', kept);
    EXECUTE format('ALTER TABLE dataset_rows.%I FORCE ROW LEVEL SECURITY', kept);
    EXECUTE format('DROP POLICY IF EXISTS wall ON dataset_rows.%I', kept);
    EXECUTE format('CREATE POLICY wall ON dataset_rows.%I USING (%s) WITH CHECK (%s)', kept, here, here);

    FOREACH one IN ARRAY ARRAY[kept, gate] LOOP
        -- Columns that went away or changed their type; their new values come with the next load.
        FOR present IN
            SELECT a.attname, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
            WHERE a.attrelid = format('dataset_rows.%I', one)::regclass AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attname NOT IN ('organisation_id', 'load_id', 'row_no')
        LOOP
            SELECT dataset_rows.sql_type(value->>'type') INTO wanted FROM jsonb_array_elements(p_columns)
                WHERE value->>'key' = present.attname;
            IF NOT FOUND OR wanted <> present.type THEN
                EXECUTE format('ALTER TABLE dataset_rows.%I DROP COLUMN %I', one, present.attname);
            END IF;
        END LOOP;
        FOR spec IN SELECT value FROM jsonb_array_elements(p_columns) LOOP
            EXECUTE format('ALTER TABLE dataset_rows.%I ADD COLUMN IF NOT EXISTS %I %s', one, spec->>'key',
                dataset_rows.sql_type(spec->>'type'));
        END LOOP;
    END LOOP;
    EXECUTE format('TRUNCATE dataset_rows.%I', gate);
    EXECUTE format('CREATE VIEW dataset_rows.%I WITH (security_barrier) AS SELECT * FROM dataset_rows.%I WHERE %s',
        staged, gate, here);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON dataset_rows.%I TO %I', kept, session_user);
    EXECUTE format('GRANT INSERT ON dataset_rows.%I TO %I', gate, session_user);
    EXECUTE format('GRANT SELECT, DELETE ON dataset_rows.%I TO %I', staged, session_user);

    SELECT string_agg(format('%I', value->>'key'), ', ' ORDER BY ordinality) INTO keys
        FROM jsonb_array_elements(p_columns) WITH ORDINALITY WHERE (value->>'is_key')::boolean;
    -- Another key makes other rows: the old ones cannot be merged with and are read again.
    IF COALESCE(obj_description(format('dataset_rows.%I', kept)::regclass, 'pg_class'), '')
        IS DISTINCT FROM COALESCE(keys, '') THEN
        EXECUTE format('TRUNCATE dataset_rows.%I', kept);
    END IF;
    EXECUTE format('DROP INDEX IF EXISTS dataset_rows.%I', 'k' || kept);
    IF keys IS NOT NULL THEN
        EXECUTE format('CREATE UNIQUE INDEX %I ON dataset_rows.%I (%s)', 'k' || kept, kept, keys);
    END IF;
    EXECUTE format('COMMENT ON TABLE dataset_rows.%I IS %L', kept, COALESCE(keys, ''));
    FOR spec IN SELECT value FROM jsonb_array_elements(p_columns) WHERE (value->>'is_time')::boolean LOOP
        EXECUTE format('CREATE INDEX IF NOT EXISTS %I ON dataset_rows.%I (%I)',
            't' || substr(md5(kept || (spec->>'key')), 1, 24), kept, spec->>'key');
    END LOOP;
END $$;
"""

# Rows that wait in a stage stay: a load may be on its way. Its next batch meets the new check.
MEND = """
DO $$
DECLARE
    gate record;
BEGIN
    FOR gate IN
        SELECT t.relname, c.conname, pg_get_expr(c.conbin, c.conrelid) AS condition
        FROM pg_catalog.pg_constraint c
        JOIN pg_catalog.pg_class t ON t.oid = c.conrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'dataset_rows' AND t.relname ~ '^g_[0-9a-f]{32}$' AND c.contype = 'c' AND c.conname <> 'wall'
    LOOP
        EXECUTE format('ALTER TABLE dataset_rows.%I DROP CONSTRAINT %I,'
            ' ADD CONSTRAINT wall CHECK ((%s) IS TRUE) NOT VALID', gate.relname, gate.conname, gate.condition);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0002_dataset_rows")]
    operations = [
        # Backwards the stronger check stays: nothing relies on the gap.
        migrations.RunSQL(SHAPE, migrations.RunSQL.noop),
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
    ]
