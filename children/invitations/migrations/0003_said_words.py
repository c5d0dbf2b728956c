"""To which words a yes was said that waits for its second confirmation."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invitations", "0002_wall")]
    operations = [
        migrations.AddField("invitation", "said_words", models.CharField(max_length=64, blank=True)),
        migrations.AddField("invitation", "said_language", models.CharField(max_length=8, blank=True)),
    ]
