"""Ended for a reason, given again, asked about without undoing it; how long before it expires a consent is renewed."""

from django.db import migrations, models

READS = "v.recorded_at <= asked_at"
READS_STATES = "v.becomes_state AND v.recorded_at <= asked_at"


def past_reads(after, before):
    """Let the facts of a past moment be read by another condition; the rest of the function stays as it is."""
    return f"""
    DO $change$
    DECLARE written text := pg_get_functiondef('consent_subject_facts(text, timestamptz, bytea)'::regprocedure);
    BEGIN
        IF position('{before}' IN written) = 0 THEN
            RAISE EXCEPTION 'consent_subject_facts does not read by "{before}"';
        END IF;
        EXECUTE replace(written, '{before}', '{after}');
    END $change$"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0012_lists_by_index")]
    operations = [
        migrations.AddField(
            model_name="consent",
            name="asked_at",
            field=models.DateTimeField(help_text="When the person was last asked, since they answered.", null=True),
        ),
        migrations.AddField(
            model_name="consentevent",
            name="becomes_state",
            field=models.BooleanField(
                db_default=True, default=True, help_text="Not so where someone was only asked about a consent in force."
            ),
        ),
        migrations.AddField(
            model_name="consentevent",
            name="is_renewal",
            field=models.BooleanField(db_default=False, default=False, help_text="Given again while given."),
        ),
        migrations.AddField(
            model_name="consentevent",
            name="reason",
            field=models.CharField(
                blank=True,
                default="",
                db_default="",
                help_text="Of an end by us.",
                max_length=32,
            ),
        ),
        migrations.AddField(
            model_name="historicalpurpose",
            name="renew_days",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="So long before a consent expires the person is asked again; it goes on meanwhile.",
                verbose_name="asked again so many days ahead",
            ),
        ),
        migrations.AddField(
            model_name="purpose",
            name="renew_days",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                help_text="So long before a consent expires the person is asked again; it goes on meanwhile.",
                verbose_name="asked again so many days ahead",
            ),
        ),
        migrations.AlterField(
            model_name="consent",
            name="given_by",
            field=models.CharField(
                choices=[
                    ("self", "The data subject"),
                    ("guardian", "A guardian"),
                    ("staff", "Staff, on the person's request"),
                    ("organisation", "PakTaleem or the client, of its own accord"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="consentevent",
            name="given_by",
            field=models.CharField(
                choices=[
                    ("self", "The data subject"),
                    ("guardian", "A guardian"),
                    ("staff", "Staff, on the person's request"),
                    ("organisation", "PakTaleem or the client, of its own accord"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="consentevent",
            name="method",
            field=models.CharField(
                choices=[
                    ("lms", "In the learning platform"),
                    ("web", "On a page of this portal"),
                    ("paper", "On paper"),
                    ("phone", "By telephone"),
                    ("email", "By mail to support"),
                    ("in_person", "In person"),
                    ("import", "Imported"),
                    ("console", "By an act in the console"),
                    ("system", "By the portal itself"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="policyacknowledgement",
            name="method",
            field=models.CharField(
                choices=[
                    ("lms", "In the learning platform"),
                    ("web", "On a page of this portal"),
                    ("paper", "On paper"),
                    ("phone", "By telephone"),
                    ("email", "By mail to support"),
                    ("in_person", "In person"),
                    ("import", "Imported"),
                    ("console", "By an act in the console"),
                    ("system", "By the portal itself"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                condition=models.Q(("asked_at", None), ("expires_at__isnull", False), ("state", "given")),
                fields=["client", "expires_at"],
                name="consent_to_ask_about",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["revoked", "invalidated"]), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="consentevent_ended_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("becomes_state", True), ("state__in", ["requested", "deferred"]), _connector="OR"),
                name="consentevent_answer_becomes_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="purpose",
            constraint=models.CheckConstraint(
                condition=models.Q(("consent_months", None), ("consent_months__gte", 1), _connector="OR"),
                name="purpose_consent_lasts_a_month",
                violation_error_message="A consent lasts a month at least; leave it empty if it does not expire.",
            ),
        ),
        migrations.RunSQL(past_reads(READS_STATES, READS), past_reads(READS, READS_STATES)),
    ]
