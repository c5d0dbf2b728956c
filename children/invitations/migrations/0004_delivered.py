"""When the last letter of an invitation was delivered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invitations", "0003_said_words")]
    operations = [
        migrations.AddField(
            "Invitation",
            "delivered_at",
            models.DateTimeField(
                help_text="When the last letter left for its address.", null=True, verbose_name="delivered"
            ),
        ),
    ]
