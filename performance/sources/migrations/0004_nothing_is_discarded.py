"""The rows of a dataset stay, so that values can be explained: nobody drops their table."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sources", "0003_stages_refuse_nobody")]
    operations = [
        # Backwards it stays away: nothing ever called it.
        migrations.RunSQL("DROP FUNCTION dataset_rows.discard(uuid)", migrations.RunSQL.noop),
    ]
