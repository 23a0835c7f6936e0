"""What was published before there were waves was one wave, with the usual days from its day on."""

from django.db import migrations

ONE_WAVE = """
ALTER TABLE appraisals_cycle NO FORCE ROW LEVEL SECURITY;
ALTER TABLE appraisals_cycleentry NO FORCE ROW LEVEL SECURITY;
INSERT INTO appraisals_wave (
    id, organisation_id, cycle_id, number, kind, people, acknowledge_days, appeal_days, answer_days,
    acknowledge_until, appeal_until, published_by_id, published_at
)
SELECT gen_random_uuid(), cycle.organisation_id, cycle.id, 1, 'rest', count(*), 14, 14, 14,
       cycle.published_at::date + 14, cycle.published_at::date + 14, cycle.published_by_id, cycle.published_at
FROM appraisals_cycle cycle
JOIN appraisals_cycleentry entry ON entry.cycle_id = cycle.id AND entry.state = 'published'
WHERE cycle.published_at IS NOT NULL
GROUP BY cycle.id, cycle.organisation_id, cycle.published_at, cycle.published_by_id;
INSERT INTO appraisals_publication (id, organisation_id, wave_id, entry_id)
SELECT gen_random_uuid(), entry.organisation_id, wave.id, entry.id
FROM appraisals_cycleentry entry JOIN appraisals_wave wave ON wave.cycle_id = entry.cycle_id
WHERE entry.state = 'published';
ALTER TABLE appraisals_cycleentry FORCE ROW LEVEL SECURITY;
ALTER TABLE appraisals_cycle FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("appraisals", "0005_results_in_waves")]

    operations = [migrations.RunSQL(ONE_WAVE, migrations.RunSQL.noop)]
