"""In which country a person lives, where that is another than the institution's: it says how old they must be."""

from django.db import migrations, models


def country():
    return models.CharField(
        blank=True, default="", db_default="", max_length=2, help_text="Where they live; empty: as the institution."
    )


def emptied(*more):
    """Say what an erased person's row holds: nothing."""
    nothing = ("external_id", "full_name", "email", "phone", "birth_date", "attested_age")
    keyed = ("email_index", "phone_index", "name_index", "details_index", "of_age_at")
    gone = models.Q(tombstone__isnull=False, **dict.fromkeys((*nothing, *keyed)), **dict(more))
    return models.CheckConstraint(
        condition=models.Q(erased_at=None, tombstone=None) | gone, name="subject_erased_holds_nothing"
    )


class Migration(migrations.Migration):
    dependencies = [("subjects", "0014_age_changes_wall"), ("accounts", "0009_country_thresholds")]
    operations = [
        *(migrations.AddField(model, "country", country()) for model in ("subject", "historicalsubject")),
        migrations.RemoveConstraint("subject", "subject_erased_holds_nothing"),
        migrations.AddConstraint("subject", emptied(("country", ""))),
    ]
