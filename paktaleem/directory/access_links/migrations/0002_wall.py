"""Links and codes behind the wall; a link's client is found by its token's hash before any context."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import SameClientForeignKey, TenantIsolation

CLIENT_OF_LINK = """
CREATE FUNCTION doors_client_of_link(token_digest bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT l.client_id FROM doors_pagelink l WHERE l.digest = token_digest
$$
"""
SIGNATURE = "doors_client_of_link(bytea)"


class Migration(migrations.Migration):
    dependencies = [("doors", "0001_doors"), ("accounts", "0002_wall"), ("subjects", "0002_wall")]
    operations = [
        TenantIsolation("PageLink", looked_up=True),
        TenantIsolation("PageCode"),
        *(SameClientForeignKey(model, field, "subjects.Subject") for model in ("PageLink", "PageCode") for field in ("subject", "child")),
        migrations.RunSQL(
            [
                CLIENT_OF_LINK,
                f"REVOKE ALL ON FUNCTION {SIGNATURE} FROM PUBLIC",
                f"GRANT EXECUTE ON FUNCTION {SIGNATURE} TO paktaleem_app",
            ],
            f"DROP FUNCTION {SIGNATURE}",
        ),
    ]
