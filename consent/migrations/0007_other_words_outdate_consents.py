"""Changes consent_require_widening, requires_widening."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("consent", "0006_words_of_purposes")]
    operations = [
        ApplySql("consent_require_widening", digest="91218d20ac3a", previous="d08c6866dc74"),
        ApplySql("requires_widening", digest="d6099da3dff6", previous="5607e395e358"),
    ]
