"""When an answer reached the person, and a deadline for every request with a notice and a pause."""

from django.db import migrations, models

FILL = """
ALTER TABLE rights_rightsrequest NO FORCE ROW LEVEL SECURITY;
ALTER TABLE rights_requeststep NO FORCE ROW LEVEL SECURITY;
UPDATE rights_rightsrequest r SET delivered_at = r.answered_at
WHERE r.answered_at IS NOT NULL AND EXISTS (
    SELECT FROM rights_requeststep s
    WHERE s.client_id = r.client_id AND s.request_id = r.id AND s.kind = 'answered' AND s.facts->>'sent' = 'true'
);
UPDATE rights_rightsrequest SET answer_by = expected_by WHERE answer_by IS NULL;
ALTER TABLE rights_requeststep FORCE ROW LEVEL SECURITY;
ALTER TABLE rights_rightsrequest FORCE ROW LEVEL SECURITY;
"""


WAITING = models.Q(closed_at=None, delivered_at=None)


class Migration(migrations.Migration):
    dependencies = [("rights", "0002_tenancy")]
    operations = [
        migrations.AddField(
            model_name="rightsrequest",
            name="delivered_at",
            field=models.DateTimeField(null=True, verbose_name="answer delivered"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="rightsrequest", name="rights_by_deadline"),
        migrations.RemoveIndex(model_name="rightsrequest", name="rights_by_deadline_all"),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(condition=WAITING, fields=["client", "answer_by", "id"], name="rights_by_deadline"),
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(condition=WAITING, fields=["answer_by", "id"], name="rights_by_deadline_all"),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(delivered_at=None) | models.Q(answered_at__isnull=False),
                name="rights_delivers_an_answer",
            ),
        ),
    ]
