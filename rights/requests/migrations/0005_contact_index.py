"""Adds the keyed hash of the contact in a request."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_law_of_a_client'),
        ('people', '0006_contacts'),
        ('requests', '0004_due_by_the_law'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='rightsrequest',
            name='contact_index',
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.AddIndex(
            model_name='rightsrequest',
            index=models.Index(condition=models.Q(('contact_index__isnull', False), ('subject', None)), fields=['client', 'contact_index'], name='rights_by_contact'),
        ),
    ]
