"""Columns of agreements for the extension of overdue duties."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_former_staff'),
        ('consent', '0012_agreements_looked_up'),
    ]

    operations = [
        migrations.AddField(
            model_name='historicalserviceagreement',
            name='extended_until',
            field=models.DateField(editable=False, null=True, verbose_name='duties extended until'),
        ),
        migrations.AddField(
            model_name='historicalserviceagreement',
            name='extension_ground',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=500, verbose_name='ground of the extension'),
        ),
        migrations.AddField(
            model_name='serviceagreement',
            name='extended_until',
            field=models.DateField(editable=False, null=True, verbose_name='duties extended until'),
        ),
        migrations.AddField(
            model_name='serviceagreement',
            name='extension_ground',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=500, verbose_name='ground of the extension'),
        ),
        migrations.AddConstraint(
            model_name='serviceagreement',
            constraint=models.CheckConstraint(condition=models.Q(('extended_until', None), models.Q(('extension_ground', ''), _negated=True), _connector='OR'), name='serviceagreement_extended_on_a_ground'),
        ),
    ]
