"""The kind of assessments of providers, which names no remaining risk."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_former_staff'),
        ('consent', '0013_extended_duties'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='assessment',
            name='assessment_one_draft_of_recipient',
        ),
        migrations.RemoveConstraint(
            model_name='assessment',
            name='assessment_of_its_kind_of_row',
        ),
        migrations.RemoveConstraint(
            model_name='assessment',
            name='assessment_names_the_risk',
        ),
        migrations.AlterField(
            model_name='assessment',
            name='kind',
            field=models.CharField(choices=[('automated', 'Automated decision or profiling (Art. 15(1)(h) and 22)'), ('impact', 'Impact on people (Art. 35)'), ('transfer', 'Transfer to another country (Art. 46)'), ('provider', 'Audit of a provider (Art. 28(3)(h))')], max_length=16),
        ),
        migrations.AlterField(
            model_name='historicalassessment',
            name='kind',
            field=models.CharField(choices=[('automated', 'Automated decision or profiling (Art. 15(1)(h) and 22)'), ('impact', 'Impact on people (Art. 35)'), ('transfer', 'Transfer to another country (Art. 46)'), ('provider', 'Audit of a provider (Art. 28(3)(h))')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.UniqueConstraint(condition=models.Q(('reviewed_at', None)), fields=('client', 'kind', 'recipient'), name='assessment_one_draft_of_recipient'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('transfer', 'provider')), ('purpose', None), ('recipient__isnull', False)), models.Q(models.Q(('kind__in', ('transfer', 'provider')), _negated=True), ('purpose__isnull', False), ('recipient', None)), _connector='OR'), name='assessment_of_its_kind_of_row'),
        ),
        migrations.AddConstraint(
            model_name='assessment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('automated', 'provider')), ('residual_risk', '')), models.Q(models.Q(('kind__in', ('automated', 'provider')), _negated=True), models.Q(('residual_risk', ''), _negated=True)), _connector='OR'), name='assessment_names_the_risk'),
        ),
    ]
