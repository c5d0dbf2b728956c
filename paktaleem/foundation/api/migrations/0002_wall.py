"""Kept answers behind the wall: a key is known to the client that sent it only."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("api", "0001_kept_answers"), ("accounts", "0002_wall")]
    operations = [TenantIsolation("KeptAnswer")]
