"""The functions that every policy of row-level security and every append-only table call."""

from django.db import migrations

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    initial = True
    # Third-party apps first: they have some eighty migrations, each of which costs more once our models are known.
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("procrastinate", "0041_post_retry_failed_job"),
        ("sessions", "0001_initial"),
    ]
    operations = [
        ApplySql("tenancy_client", digest="1df797f36884"),
        ApplySql("tenancy_schools", digest="4095ab486df8"),
        ApplySql("tenancy_refuse_change", digest="4c668861db66"),
        ApplySql("tenancy_refresh_statistics", digest="f1a961c60837"),
    ]
