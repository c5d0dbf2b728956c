"""Drop the tables of large exports: lists are streamed."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("files", "0002_tenancy")]
    operations = [
        migrations.RunSQL("DROP TABLE IF EXISTS exports_exportchunk, exports_listexport", migrations.RunSQL.noop)
    ]
