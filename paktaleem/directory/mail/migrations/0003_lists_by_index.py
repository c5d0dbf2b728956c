"""Indexes by which the list of letters finds a page among millions of rows, in one client and across all."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ('accounts', '0003_user_history'),
        ('mail', '0002_wall'),
        ('subjects', '0010_lists_by_index'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['-queued_at', '-id'], name='letter_by_time_all'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['client', 'state', '-queued_at', '-id'], name='letter_by_state'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['state', '-queued_at', '-id'], name='letter_by_state_all'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['client', 'channel', '-queued_at', '-id'], name='letter_by_channel'),
        ),
        migrations.AddIndex(
            model_name='letter',
            index=models.Index(fields=['channel', '-queued_at', '-id'], name='letter_by_channel_all'),
        ),
    ]
