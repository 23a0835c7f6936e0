from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kpis', '0011_rates'),
    ]

    operations = [
        migrations.AddField(
            model_name='livepart',
            name='currency',
            field=models.TextField(null=True, verbose_name='currency'),
        ),
        migrations.AddField(
            model_name='livepart',
            name='rate_on',
            field=models.DateField(null=True, verbose_name='day of the rate'),
        ),
        migrations.AddField(
            model_name='metricversion',
            name='currency_rule',
            field=models.CharField(blank=True, default='', max_length=11, verbose_name='currency'),
        ),
        migrations.AddConstraint(
            model_name='metricversion',
            constraint=models.CheckConstraint(condition=models.Q(('currency_rule', ''), models.Q(('currency_rule__in', ('average', 'transaction', 'closing')), ('kind', 'base')), _connector='OR'), name='metric_version_converted'),
        ),
    ]
