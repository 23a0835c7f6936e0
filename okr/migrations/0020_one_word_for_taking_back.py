from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ('okr', '0019_imports_taken_back'),
    ]

    operations = [
        migrations.RenameField('goalimport', 'undone_at', 'taken_back_at'),
        migrations.RenameField('goalimport', 'undone_reason', 'taken_back_reason'),
        migrations.RenameField('goalimport', 'undone', 'taken_back'),
    ]
