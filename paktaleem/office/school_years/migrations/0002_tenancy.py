"""Tenant isolation of ends of school years."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation


class Migration(migrations.Migration):
    dependencies = [
        ("school_years", "0001_tables"),
        ("accounts", "0002_tenancy"),
        ("schools", "0002_tenancy"),
        ("subjects", "0002_tenancy"),
    ]
    operations = [
        Isolate(
            TenantIsolation("YearEnd"),
            TenantIsolation("YearEndClass"),
            TenantIsolation("YearEndPerson"),
            SameClientForeignKey("YearEnd", "term", "schools.Term"),
            SameClientForeignKey("YearEnd", "school", "schools.School"),
            SameClientForeignKey("YearEndClass", "year_end", "YearEnd"),
            SameClientForeignKey("YearEndClass", "school_class", "schools.SchoolClass"),
            SameClientForeignKey("YearEndPerson", "year_end", "YearEnd"),
            SameClientForeignKey("YearEndPerson", "subject", "subjects.Subject"),
        ),
    ]
