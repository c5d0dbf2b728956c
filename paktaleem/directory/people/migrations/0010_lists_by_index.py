"""Indexes by which the lists of the console find a page among millions of rows, in one client and across all."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('accounts', '0003_user_history'),
        ('subjects', '0009_client_notification'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['client', '-looked_at', '-id'], name='accessrecord_by_time'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['-looked_at', '-id'], name='accessrecord_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['client', 'reason', '-looked_at', '-id'], name='accessrecord_by_reason'),
        ),
        migrations.AddIndex(
            model_name='accessrecord',
            index=models.Index(fields=['reason', '-looked_at', '-id'], name='accessrecord_by_reason_all'),
        ),
        migrations.AddIndex(
            model_name='guardianclaim',
            index=models.Index(fields=['client', '-starts_at', '-id'], name='guardianclaim_by_time'),
        ),
        migrations.AddIndex(
            model_name='guardianclaim',
            index=models.Index(fields=['-starts_at', '-id'], name='guardianclaim_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='guardianclaim',
            index=models.Index(fields=['client', 'relationship', '-starts_at', '-id'], name='guardianclaim_by_relation'),
        ),
        migrations.AddIndex(
            model_name='guardianclaim',
            index=models.Index(fields=['relationship', '-starts_at', '-id'], name='guardianclaim_by_relation_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(fields=['client', 'role', '-registered_at', '-id'], name='subject_by_role'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(fields=['role', '-registered_at', '-id'], name='subject_by_role_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at', None)), fields=['client', '-registered_at', '-id'], name='subject_kept'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at', None)), fields=['-registered_at', '-id'], name='subject_kept_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at__isnull', False)), fields=['client', '-registered_at', '-id'], name='subject_erased'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at__isnull', False)), fields=['-registered_at', '-id'], name='subject_erased_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at', None), ('of_age_at', None)), fields=['client', '-registered_at', '-id'], name='subject_age_unknown'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(condition=models.Q(('erased_at', None), ('of_age_at', None)), fields=['-registered_at', '-id'], name='subject_age_unknown_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(fields=['client', 'of_age_at', 'id'], name='subject_by_of_age'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(fields=['of_age_at', 'id'], name='subject_by_of_age_all'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(models.F('client'), django.db.models.functions.comparison.Collate('external_id', 'C'), models.F('id'), name='subject_by_lms_id'),
        ),
        migrations.AddIndex(
            model_name='subject',
            index=models.Index(django.db.models.functions.comparison.Collate('external_id', 'C'), models.F('id'), name='subject_by_lms_id_all'),
        ),
    ]
