"""In which language a member of staff gets letters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_client_address")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                choices=[("en", "English"), ("ur", "اردو")],
                default="en",
                help_text="It follows the language in which they sign in.",
                max_length=8,
                verbose_name="language of letters",
            ),
        ),
    ]
