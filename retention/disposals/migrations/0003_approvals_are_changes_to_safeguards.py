"""Approvals of large disposals become changes to safeguards; disposals to review are those without one."""

from django.db import migrations, models

_COLUMNS = "id, client_id, state, requested_kind, requested_by, requested_at, settled_by, settled_at"
_OPEN = """
ALTER TABLE disposals_approval NO FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange NO FORCE ROW LEVEL SECURITY;
"""
_CLOSE = """
ALTER TABLE disposals_approval FORCE ROW LEVEL SECURITY;
ALTER TABLE consent_safeguardchange FORCE ROW LEVEL SECURITY;
"""
_MOVE = f"""{_OPEN}
INSERT INTO consent_safeguardchange ({_COLUMNS}, kind, purpose, "table", "row", "values", ground)
SELECT {_COLUMNS}, 'disposal', '', 'disposals.batch', batch_id, '{{}}', 'Reviewed by the first person.' FROM disposals_approval;
{_CLOSE}"""
_MOVE_BACK = f"""{_OPEN}
INSERT INTO disposals_approval ({_COLUMNS}, batch_id, requested_role)
SELECT {_COLUMNS}, "row", '' FROM consent_safeguardchange WHERE kind = 'disposal';
DELETE FROM consent_safeguardchange WHERE kind = 'disposal';
{_CLOSE}"""


class Migration(migrations.Migration):
    dependencies = [
        ("disposals", "0002_tenancy"),
        ("consent", "0003_kinds_of_changes_to_safeguards"),
    ]
    operations = [
        migrations.RunSQL(_MOVE, _MOVE_BACK),
        migrations.DeleteModel("Approval"),
        migrations.RemoveIndex(
            model_name='batch',
            name='batch_to_review',
        ),
        migrations.RemoveIndex(
            model_name='batch',
            name='batch_to_review_all',
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(condition=models.Q(('stage', 'review')), fields=['client', 'opened_at', 'id'], name='batch_to_review'),
        ),
        migrations.AddIndex(
            model_name='batch',
            index=models.Index(condition=models.Q(('stage', 'review')), fields=['opened_at', 'id'], name='batch_to_review_all'),
        ),
    ]
