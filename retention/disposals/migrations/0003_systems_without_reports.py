"""Items of systems that reported no holding, for the end of an agreement."""

import django.db.models.deletion
from django.db import migrations, models

from paktaleem.foundation.tenancy.operations import RenewLimits


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tenancy'),
        ('disposals', '0002_tenancy'),
        ('retention', '0002_tenancy'),
        ('subjects', '0002_tenancy'),
    ]

    operations = [
        migrations.AlterField(
            model_name='item',
            name='holding',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='retention.holding'),
        ),
        RenewLimits("Item"),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.CheckConstraint(condition=models.Q(('holding__isnull', False), ('system_id__isnull', False), _connector='OR'), name='item_of_holding_or_system'),
        ),
    ]
