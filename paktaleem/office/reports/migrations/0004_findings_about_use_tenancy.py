"""Isolates the rows of each client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_findings_about_use")]
    operations = [Isolate(TenantIsolation("UseFinding"))]
