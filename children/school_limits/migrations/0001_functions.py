"""Functions and triggers that keep the schools of each person (no tables)."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    initial = True
    dependencies = [("subjects", "0002_tenancy"), ("schools", "0002_tenancy"), ("children", "0002_tenancy")]
    operations = [
        ApplySql("school_limits_recompute", digest="9e715a457c45"),
        ApplySql("school_limits_of_enrolments", digest="416bd125afe2"),
        ApplySql("school_limits_of_guardians", digest="3a169bb12e3c"),
        ApplySql("school_limits_of_schools", digest="cd880fa3463a"),
        ApplySql("school_limits_guard", digest="63d028866e3a"),
        ApplySql("limits_added", digest="c0fe0c142552"),
        ApplySql("limits_removed", digest="d5709c12165a"),
        ApplySql("limits_changed", digest="ecff8887838d"),
        ApplySql("limits_guarded", digest="913ea088d647"),
        ApplySql("limits_begun", digest="60ab64bac530"),
        ApplySql("school_limits_check_names", digest="4e1c6c7c79e0"),
        ApplySql("limits_named", digest="c2cc960ed5cc"),
        ApplySql("limits_renamed", digest="5408638cdca0"),
    ]
