"""The tables of imported rows: made, changed and dropped by the owner on behalf of the application's role.

The application's role may create nothing. These functions run as the owner, look only at a dataset of the
organisation that the session acts for, take column names and types from a whitelist, and put the same wall
around each table as around every other tenant table.
"""

from django.db import migrations

SCHEMA = """
CREATE SCHEMA IF NOT EXISTS dataset_rows;
GRANT USAGE ON SCHEMA dataset_rows TO PUBLIC;
"""

OWN_DATASET = """
CREATE FUNCTION dataset_rows.own_dataset(p_dataset uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation uuid := NULLIF(current_setting('app.organisation', true), '')::uuid;
BEGIN
    IF organisation IS NULL OR NOT EXISTS (
        SELECT 1 FROM public.sources_dataset WHERE id = p_dataset AND organisation_id = organisation
    ) THEN
        RAISE EXCEPTION 'no such dataset' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN organisation;
END $$;
"""

SQL_TYPE = """
CREATE FUNCTION dataset_rows.sql_type(p_type text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE p_type
        WHEN 'text' THEN 'text' WHEN 'integer' THEN 'bigint' WHEN 'decimal' THEN 'numeric'
        WHEN 'date' THEN 'date' WHEN 'timestamp' THEN 'timestamp with time zone'
        WHEN 'boolean' THEN 'boolean' END
$$;
"""

SHAPE = """
CREATE FUNCTION dataset_rows.shape(p_dataset uuid, p_columns jsonb) RETURNS void
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
    EXECUTE format('CREATE UNLOGGED TABLE IF NOT EXISTS dataset_rows.%I (organisation_id uuid NOT NULL'
        ' CHECK (organisation_id = %L AND %s), load_id uuid NOT NULL, row_no bigint NOT NULL)',
        gate, organisation, here);
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

DISCARD = """
CREATE FUNCTION dataset_rows.discard(p_dataset uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM dataset_rows.own_dataset(p_dataset);
    EXECUTE format('DROP VIEW IF EXISTS dataset_rows.%I', 's_' || replace(p_dataset::text, '-', ''));
    EXECUTE format('DROP TABLE IF EXISTS dataset_rows.%I, dataset_rows.%I',
        'd_' || replace(p_dataset::text, '-', ''), 'g_' || replace(p_dataset::text, '-', ''));
END $$;
"""

CLEAR_STAGE = """
CREATE FUNCTION dataset_rows.clear_stage(p_dataset uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM dataset_rows.own_dataset(p_dataset);
    EXECUTE format('TRUNCATE dataset_rows.%I', 'g_' || replace(p_dataset::text, '-', ''));
END $$;
"""

LEARN = """
CREATE FUNCTION dataset_rows.learn(p_dataset uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM dataset_rows.own_dataset(p_dataset);
    EXECUTE format('ANALYZE dataset_rows.%I', 'd_' || replace(p_dataset::text, '-', ''));
END $$;
"""

DROP_ALL = """
DROP SCHEMA dataset_rows CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]
    operations = [
        migrations.RunSQL(SCHEMA, DROP_ALL),
        *(
            migrations.RunSQL(function, migrations.RunSQL.noop)
            for function in (OWN_DATASET, SQL_TYPE, SHAPE, DISCARD, CLEAR_STAGE, LEARN)
        ),
    ]
