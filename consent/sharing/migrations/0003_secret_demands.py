"""Demands of authorities that are kept from the client; the earlier ones are."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sharing', '0002_tenancy'),
    ]

    operations = [
        migrations.AddField(
            model_name='legaldisclosure',
            name='is_secret',
            field=models.BooleanField(db_default=True, default=True, help_text='The instrument forbids to inform the client.', verbose_name='kept from the client'),
        ),
    ]
