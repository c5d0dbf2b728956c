"""The stage in which systems give their data, before the export of an exit is written."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_tenancy'),
        ('consent', '0002_tenancy'),
        ('exits', '0002_tenancy'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='agreementexit',
            name='agreementexit_approved_first',
        ),
        migrations.AlterField(
            model_name='agreementexit',
            name='stage',
            field=models.CharField(choices=[('proposed', 'Needs a second person'), ('declined', 'Declined'), ('collecting', 'The systems are giving their data'), ('exporting', 'The export is being written'), ('returning', 'The export is ready for the client'), ('deleting', 'Waiting for the systems'), ('erasing', 'People are being erased'), ('certified', 'Certified')], default='proposed', max_length=16),
        ),
        migrations.AddConstraint(
            model_name='agreementexit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('stage__in', ['collecting', 'exporting', 'deleting', 'erasing', 'returning', 'certified']), _negated=True), ('state', 'approved'), _connector='OR'), name='agreementexit_approved_first'),
        ),
    ]
