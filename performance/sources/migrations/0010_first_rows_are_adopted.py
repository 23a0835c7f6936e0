"""The stage of a first load becomes the table of its rows, instead of being copied into it.

Where a dataset has no rows yet, its stage is a lasting table. `adopt` gives it the indexes, the wall and the name of
the table that it replaces, so that each row is written once. The stage now fills in organisation and load by itself,
and the walls ask for the organisation of the session once for each statement: asking for every row took half as long as
reading the row.
"""

from django.db import migrations

OURS = "(SELECT NULLIF(current_setting(''app.organisation'', true), '''')::uuid)"

WALL = f"""
CREATE OR REPLACE FUNCTION dataset_rows.wall(p_table text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here constant text := 'organisation_id = {OURS}';
BEGIN
    EXECUTE format('ALTER TABLE dataset_rows.%I ENABLE ROW LEVEL SECURITY', p_table);
    EXECUTE format('ALTER TABLE dataset_rows.%I FORCE ROW LEVEL SECURITY', p_table);
    EXECUTE format('DROP POLICY IF EXISTS wall ON dataset_rows.%I', p_table);
    EXECUTE format('CREATE POLICY wall ON dataset_rows.%I USING (%s) WITH CHECK (%s)', p_table, here, here);
END $$;
"""

STRANGERS = """
CREATE OR REPLACE FUNCTION dataset_rows.stop_strangers() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (current_setting('app.organisation', true) = TG_ARGV[0]) IS NOT TRUE THEN
        RAISE EXCEPTION 'rows of another organisation' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

GATE = f"""
CREATE OR REPLACE FUNCTION dataset_rows.make_gate(p_dataset uuid, p_organisation uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept text := 'd_' || replace(p_dataset::text, '-', '');
    gate text := 'g_' || replace(p_dataset::text, '-', '');
    staged text := 's_' || replace(p_dataset::text, '-', '');
BEGIN
    EXECUTE format('DROP VIEW IF EXISTS dataset_rows.%I', staged);
    EXECUTE format('DROP TABLE IF EXISTS dataset_rows.%I', gate);
    -- Rows on their way: lost in a crash of the server, then simply read again. COPY refuses tables with row
    -- security, so this one has the same wall in other words: the application's role may only insert, a trigger asks
    -- whom the session acts for, once for each COPY, and reading goes through a view that asks the same.
    EXECUTE format('CREATE UNLOGGED TABLE dataset_rows.%I (LIKE dataset_rows.%I, row_no bigint NOT NULL,'
        ' CONSTRAINT own CHECK (organisation_id = %L))', gate, kept, p_organisation);
    EXECUTE format('ALTER TABLE dataset_rows.%I ALTER organisation_id SET DEFAULT %L', gate, p_organisation);
    EXECUTE format('CREATE TRIGGER wall BEFORE INSERT ON dataset_rows.%I FOR EACH STATEMENT'
        ' EXECUTE FUNCTION dataset_rows.stop_strangers(%L)', gate, p_organisation);
    EXECUTE format('CREATE VIEW dataset_rows.%I WITH (security_barrier) AS SELECT * FROM dataset_rows.%I'
        ' WHERE organisation_id = {OURS}', staged, gate);
    EXECUTE format('GRANT INSERT ON dataset_rows.%I TO %I', gate, session_user);
    EXECUTE format('GRANT SELECT, DELETE ON dataset_rows.%I TO %I', staged, session_user);
END $$;
"""  # noqa: S608 - our own text

SHAPE = """
CREATE OR REPLACE FUNCTION dataset_rows.shape(p_dataset uuid, p_columns jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation uuid := dataset_rows.own_dataset(p_dataset);
    kept text := 'd_' || replace(p_dataset::text, '-', '');
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
        ' CONSTRAINT own CHECK (organisation_id = %L), load_id uuid NOT NULL)', kept, organisation);
    PERFORM dataset_rows.wall(kept);
    -- Columns that went away or changed their type; their new values come with the next load.
    FOR present IN
        SELECT a.attname, format_type(a.atttypid, NULL) AS type FROM pg_attribute a
        WHERE a.attrelid = format('dataset_rows.%I', kept)::regclass AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attname NOT IN ('organisation_id', 'load_id')
    LOOP
        SELECT dataset_rows.sql_type(value->>'type') INTO wanted FROM jsonb_array_elements(p_columns)
            WHERE value->>'key' = present.attname;
        IF NOT FOUND OR wanted <> present.type THEN
            EXECUTE format('ALTER TABLE dataset_rows.%I DROP COLUMN %I', kept, present.attname);
        END IF;
    END LOOP;
    FOR spec IN SELECT value FROM jsonb_array_elements(p_columns) LOOP
        EXECUTE format('ALTER TABLE dataset_rows.%I ADD COLUMN IF NOT EXISTS %I %s', kept, spec->>'key',
            dataset_rows.sql_type(spec->>'type'));
    END LOOP;
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON dataset_rows.%I TO %I', kept, session_user);

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
    PERFORM dataset_rows.make_gate(p_dataset, organisation);
END $$;
"""

# A stage of before is made anew here, where its rows are thrown away, and not in this migration, where a load may be
# on its way.
OPEN_STAGE = """
CREATE OR REPLACE FUNCTION dataset_rows.open_stage(p_dataset uuid, p_load uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation uuid := dataset_rows.own_dataset(p_dataset);
    gate text := 'g_' || replace(p_dataset::text, '-', '');
    is_first boolean;
    is_logged boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass(format('dataset_rows.%I', gate))
            AND conname = 'own') THEN
        PERFORM dataset_rows.make_gate(p_dataset, organisation);
    END IF;
    EXECUTE format('TRUNCATE dataset_rows.%I', gate);
    EXECUTE format('ALTER TABLE dataset_rows.%I ALTER load_id SET DEFAULT %L', gate, p_load);
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM dataset_rows.%I)', 'd_' || replace(p_dataset::text, '-', ''))
        INTO is_first;
    SELECT relpersistence = 'p' INTO is_logged FROM pg_class
        WHERE oid = format('dataset_rows.%I', gate)::regclass;
    IF is_first <> is_logged THEN
        EXECUTE format('ALTER TABLE dataset_rows.%I SET %s', gate, CASE WHEN is_first THEN 'LOGGED' ELSE 'UNLOGGED' END);
    END IF;
END $$;
"""

ADOPT = """
CREATE OR REPLACE FUNCTION dataset_rows.adopt(p_dataset uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    organisation uuid := dataset_rows.own_dataset(p_dataset);
    kept text := 'd_' || replace(p_dataset::text, '-', '');
    gate text := 'g_' || replace(p_dataset::text, '-', '');
    was regclass := format('dataset_rows.%I', kept)::regclass;
    keys text := obj_description(was, 'pg_class');
    present record;
    renamed text[] := '{}';
    one text;
    is_there boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM dataset_rows.%I)', kept) INTO is_there;
    IF is_there OR NOT EXISTS (SELECT FROM pg_class
            WHERE oid = format('dataset_rows.%I', gate)::regclass AND relpersistence = 'p') THEN
        RETURN false;
    END IF;
    EXECUTE format('DELETE FROM dataset_rows.%I WHERE row_no < 0', gate);
    -- The indexes first: nobody waits for them, and a key that comes twice ends it here.
    FOR present IN
        SELECT c.relname, CASE WHEN i.indisunique THEN 'UNIQUE' ELSE '' END AS kind,
            (SELECT string_agg(format('%I', a.attname), ', ' ORDER BY k.place)
             FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number) AS columns
        FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = was
        ORDER BY i.indisunique DESC
    LOOP
        EXECUTE format('CREATE %s INDEX %I ON dataset_rows.%I (%s)', present.kind, 'n' || present.relname, gate,
            present.columns);
        renamed := renamed || present.relname::text;
    END LOOP;
    EXECUTE format('DROP VIEW dataset_rows.%I', 's_' || replace(p_dataset::text, '-', ''));
    EXECUTE format('DROP TABLE dataset_rows.%I', kept);
    EXECUTE format('DROP TRIGGER wall ON dataset_rows.%I', gate);
    EXECUTE format('ALTER TABLE dataset_rows.%I DROP COLUMN row_no,'
        ' ALTER organisation_id DROP DEFAULT, ALTER load_id DROP DEFAULT', gate);
    EXECUTE format('REVOKE ALL ON dataset_rows.%I FROM %I', gate, session_user);
    EXECUTE format('ALTER TABLE dataset_rows.%I RENAME TO %I', gate, kept);
    FOREACH one IN ARRAY renamed LOOP
        EXECUTE format('ALTER INDEX dataset_rows.%I RENAME TO %I', 'n' || one, one);
    END LOOP;
    EXECUTE format('COMMENT ON TABLE dataset_rows.%I IS %L', kept, keys);
    PERFORM dataset_rows.wall(kept);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON dataset_rows.%I TO %I', kept, session_user);
    PERFORM dataset_rows.make_gate(p_dataset, organisation);
    RETURN true;
END $$;
"""

MEND = """
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT t.relname FROM pg_catalog.pg_class t JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'dataset_rows' AND t.relname ~ '^d_[0-9a-f]{32}$'
    LOOP
        PERFORM dataset_rows.wall(kept.relname);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [('sources', '0009_currencies_of_columns')]
    operations = [
        # Backwards everything stays: what was there before goes on with it.
        *(
            migrations.RunSQL(function, migrations.RunSQL.noop)
            for function in (WALL, STRANGERS, GATE, SHAPE, OPEN_STAGE, ADOPT, MEND)
        ),
    ]
