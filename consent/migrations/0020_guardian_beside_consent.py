"""Who gave a consent for a child stands beside its state, so that guardians are counted without the events."""

import django.db.models.deletion
from django.db import migrations, models

from paktaleem.foundation.tenancy.operations import SameClientForeignKey

FILL = """
DO $fill$
BEGIN
    ALTER TABLE consent_consent NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE consent_consentevent NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE consent_consent DISABLE TRIGGER USER;
    UPDATE consent_consent c SET guardian_id = e.guardian_id FROM consent_consentevent e
        WHERE e.client_id = c.client_id AND e.id = c.event_id AND e.guardian_id IS NOT NULL;
    IF EXISTS (SELECT FROM consent_consent WHERE (given_by = 'guardian') <> (guardian_id IS NOT NULL)) THEN
        RAISE EXCEPTION 'a consent of a guardian has an event that names none';
    END IF;
    ALTER TABLE consent_consent ENABLE TRIGGER USER;
    ALTER TABLE consent_consent FORCE ROW LEVEL SECURITY;
    ALTER TABLE consent_consentevent FORCE ROW LEVEL SECURITY;
END $fill$
"""
"""What decisions rest on does not change, so no change is noted."""


class Migration(migrations.Migration):
    dependencies = [("consent", "0019_guardians_by_index")]
    operations = [
        migrations.AddField(
            model_name="consent",
            name="guardian",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="subjects.subject",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        SameClientForeignKey("Consent", "guardian", "subjects.Subject"),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("given_by", "guardian"), ("guardian__isnull", False)),
                    models.Q(models.Q(("given_by", "guardian"), _negated=True), ("guardian", None)),
                    _connector="OR",
                ),
                name="consent_guardian_is_named",
            ),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                condition=models.Q(("guardian__isnull", False)),
                fields=["guardian", "purpose"],
                include=("client", "state", "notice_version", "expires_at"),
                name="consent_of_guardians",
            ),
        ),
        migrations.RemoveIndex(model_name="consentevent", name="consentevent_of_guardians"),
    ]
