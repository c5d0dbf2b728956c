"""Tenant isolation of links between records that are one person."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [("merges", "0001_tables"), ("accounts", "0002_tenancy"), ("subjects", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("PersonMerge"),
            SameClientForeignKey("PersonMerge", "main", "subjects.Subject"),
            SameClientForeignKey("PersonMerge", "other", "subjects.Subject"),
            SameClientForeignKey("PersonMerge", "undoes", "PersonMerge"),
        ),
    ]
