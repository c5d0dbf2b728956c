"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("schools", "0001_tables"), ("accounts", "0002_tenancy"), ("people", "0002_tenancy")]
    operations = [
        ApplySql("schools_of_limit", digest="f7bae15ccdc0"),
        Isolate(
            TenantIsolation("School", limited="read"),
            TenantIsolation("Term", limited="read"),
            TenantIsolation("SchoolClass", limited="classes"),
            TenantIsolation("ClassTerm", limited="classes"),
            TenantIsolation("Enrolment", limited="classes"),
            TenantIsolation("RosterImport"),
            TenantIsolation("RosterChunk"),
            SameClientForeignKey("School", "parent", "School"),
            SameClientForeignKey("Term", "parent", "Term"),
            SameClientForeignKey("SchoolClass", "school", "School"),
            SameClientForeignKey("ClassTerm", "school_class", "SchoolClass"),
            SameClientForeignKey("ClassTerm", "term", "Term"),
            SameClientForeignKey("Enrolment", "school_class", "SchoolClass"),
            SameClientForeignKey("Enrolment", "subject", "people.Subject"),
            SameClientForeignKey("RosterChunk", "roster", "RosterImport"),
        ),
    ]
