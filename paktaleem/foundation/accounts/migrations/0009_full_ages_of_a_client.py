"""The full ages that a client keeps where the law of a country lowered them, or sets more than 18."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_former_staff'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='country_full_ages',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='For countries of residence where guardians have access to a higher age than 18. An age that the law has lowered stays here until two people lower it.', verbose_name='full ages by country'),
        ),
        migrations.AddField(
            model_name='historicalclient',
            name='country_full_ages',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='For countries of residence where guardians have access to a higher age than 18. An age that the law has lowered stays here until two people lower it.', verbose_name='full ages by country'),
        ),
        migrations.RunSQL(
            """
ALTER TABLE accounts_client ADD CONSTRAINT client_country_full_ages_18_to_21 CHECK (
    jsonb_typeof(country_full_ages) = 'object' AND NOT jsonb_path_exists(country_full_ages,
        '$.keyvalue() ? (!(@.key like_regex "^[A-Z]{2}$") || !(@.value.type() == "number"
            && @.value >= 18 && @.value <= 21 && @.value.floor() == @.value))'))
""",
            "ALTER TABLE accounts_client DROP CONSTRAINT client_country_full_ages_18_to_21",
        ),
    ]
