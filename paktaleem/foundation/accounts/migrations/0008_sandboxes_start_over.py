"""Evidence of a sandbox goes when it starts over, and no other evidence ever does (docs/decisions/0024).

Three things must hold at once: the statement is a DELETE, it runs as the owner inside ``sandbox_forget`` (the app may
not delete evidence, and the owner's own policy shows the rows of one client alone), and that client is a sandbox. The
ledger is not among what ``sandbox_forget`` deletes, and is refused here too.
"""

from django.db import migrations

REFUSE = """
CREATE OR REPLACE FUNCTION tenancy_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {exception}RAISE EXCEPTION 'rows of % are evidence and are never changed', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$
"""

SANDBOX = """IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND TG_TABLE_NAME <> 'ledger_entry'
        AND current_user = 'paktaleem_owner' AND current_setting('paktaleem.forgetting', true) = 'sandbox'
        AND EXISTS (SELECT FROM accounts_client WHERE id = tenancy_client() AND is_sandbox) THEN
        RETURN OLD;
    END IF;
    """

CLOCK = """
CREATE OR REPLACE FUNCTION tenancy_clock_offset(of_client uuid) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT {offset} FROM accounts_client WHERE id = of_client
$$
"""
"""Read with every context: nothing where the client is no sandbox, so that a page can say in which one it is."""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_sandbox"), ("tenancy", "0001_functions")]
    operations = [
        migrations.RunSQL(REFUSE.format(exception=SANDBOX), REFUSE.format(exception="")),
        migrations.RunSQL(
            CLOCK.format(offset="CASE WHEN is_sandbox THEN clock_offset END"), CLOCK.format(offset="clock_offset")
        ),
    ]
