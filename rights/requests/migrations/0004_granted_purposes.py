"""The purposes to which a right is limited that is partly granted."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tenancy'),
        ('rights', '0003_delivered_answers'),
    ]

    operations = [
        migrations.AddField(
            model_name='requestpart',
            name='granted',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), db_default=[], default=list),
        ),
        migrations.AddConstraint(
            model_name='requestpart',
            constraint=models.CheckConstraint(condition=models.Q(('granted', []), ('decision', 'partly'), _connector='OR'), name='rightspart_granted_partly'),
        ),
    ]
