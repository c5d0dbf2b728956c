"""Indexes by which the lists of the console find a page among millions of rows, in one client and across all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('accounts', '0003_user_history'),
        ('consent', '0011_announcements_wall'),
        ('subjects', '0010_lists_by_index'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='objection',
            options={'ordering': ['-starts_at', '-id']},
        ),
        migrations.AlterModelOptions(
            name='restriction',
            options={'ordering': ['-starts_at', '-id']},
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['-recorded_at', '-id'], name='consent_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['client', 'state', '-recorded_at', '-id'], name='consent_by_state'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['state', '-recorded_at', '-id'], name='consent_by_state_all'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['client', 'purpose', '-recorded_at', '-id'], name='consent_by_purpose'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['-recorded_at', '-id'], name='consentevent_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['client', 'state', '-recorded_at', '-id'], name='consentevent_by_state'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['state', '-recorded_at', '-id'], name='consentevent_by_state_all'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['client', 'purpose', '-recorded_at', '-id'], name='consentevent_by_purpose'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['client', 'method', '-recorded_at', '-id'], name='consentevent_by_method'),
        ),
        migrations.AddIndex(
            model_name='consentevent',
            index=models.Index(fields=['client', 'given_by', '-recorded_at', '-id'], name='consentevent_by_giver'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['client', '-starts_at', '-id'], name='objection_by_time'),
        ),
        migrations.AddIndex(
            model_name='objection',
            index=models.Index(fields=['-starts_at', '-id'], name='objection_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='restriction',
            index=models.Index(fields=['client', '-starts_at', '-id'], name='restriction_by_time'),
        ),
        migrations.AddIndex(
            model_name='restriction',
            index=models.Index(fields=['-starts_at', '-id'], name='restriction_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='restriction',
            index=models.Index(condition=models.Q(('ends_at', None)), fields=['client', '-starts_at', '-id'], name='restriction_open'),
        ),
        migrations.AddIndex(
            model_name='restriction',
            index=models.Index(condition=models.Q(('ends_at', None)), fields=['-starts_at', '-id'], name='restriction_open_all'),
        ),
    ]
