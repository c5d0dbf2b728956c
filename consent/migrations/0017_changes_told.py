"""What changes for decisions is told to webhooks, in the transaction that changes it."""

from django.db import migrations


def told(table, function):
    """Run the webhooks' function after every statement that notes changes."""
    return migrations.RunSQL(
        f"CREATE TRIGGER tells_webhooks AFTER INSERT ON {table} REFERENCING NEW TABLE AS added "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        f"DROP TRIGGER tells_webhooks ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0016_recipient_address"), ("webhooks", "0002_wall")]
    operations = [
        told("consent_subjectchange", "webhooks_tell_changes"),
        told("consent_registerchange", "webhooks_tell_register"),
    ]
