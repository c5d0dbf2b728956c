"""The register and consents behind the wall; evidence is append-only; every change raises the register's version."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation

CATALOGUE = [
    "DataCategory",
    "Occasion",
    "Purpose",
    "BalancingTest",
    "LawfulBasis",
    "Recipient",
    "RecipientApproval",
    "Notice",
    "NoticeVersion",
]
OWN = ["ServiceAgreement", "AgreementSuspension", "Instruction", "Restriction", "Objection"]

RAISE_VERSION = """
CREATE FUNCTION consent_raise_register_version() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE owner uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
    INSERT INTO consent_registerversion (id, client_id, version) VALUES (owner, owner, 1)
    ON CONFLICT (client_id) DO UPDATE SET version = consent_registerversion.version + 1;
    RETURN NULL;
END $$
"""


def raises_version(table, column="client_id"):
    """Raise the register's version of the row's client whenever a row of this table is written."""
    return migrations.RunSQL(
        f"CREATE TRIGGER raises_register_version AFTER INSERT OR UPDATE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION consent_raise_register_version('{column}')",
        f"DROP TRIGGER raises_register_version ON {table}",
    )


REGISTER_TABLES = [f"consent_{model.lower()}" for model in CATALOGUE + OWN[:3]]


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_register"), ("subjects", "0002_wall")]
    operations = [
        *(TenantIsolation(model, shared=True) for model in [*CATALOGUE, "RegisterVersion"]),
        *(TenantIsolation(model) for model in OWN),
        *(TenantIsolation(f"Historical{model}", shared=True) for model in CATALOGUE),
        *(TenantIsolation(f"Historical{model}") for model in OWN),
        *(AppendOnly(f"Historical{model}") for model in CATALOGUE + OWN),
        TenantIsolation("ConsentEvent"),
        TenantIsolation("Consent"),
        AppendOnly("ConsentEvent"),
        AppendOnly("NoticeVersion"),
        SameClientForeignKey("BalancingTest", "purpose", "Purpose", owner="purpose_owner"),
        SameClientForeignKey("LawfulBasis", "purpose", "Purpose", owner="purpose_owner"),
        SameClientForeignKey("LawfulBasis", "balancing_test", "BalancingTest"),
        SameClientForeignKey("RecipientApproval", "recipient", "Recipient", owner="recipient_owner"),
        SameClientForeignKey("NoticeVersion", "notice", "Notice", owner="notice_owner"),
        SameClientForeignKey("AgreementSuspension", "agreement", "ServiceAgreement"),
        SameClientForeignKey("Instruction", "agreement", "ServiceAgreement"),
        SameClientForeignKey("Restriction", "subject", "subjects.Subject"),
        SameClientForeignKey("Objection", "subject", "subjects.Subject"),
        SameClientForeignKey("ConsentEvent", "subject", "subjects.Subject"),
        SameClientForeignKey("ConsentEvent", "guardian", "subjects.Subject"),
        SameClientForeignKey("ConsentEvent", "purpose", "Purpose", owner="purpose_owner"),
        SameClientForeignKey("ConsentEvent", "notice_version", "NoticeVersion", owner="notice_version_owner"),
        SameClientForeignKey("Consent", "subject", "subjects.Subject"),
        SameClientForeignKey("Consent", "purpose", "Purpose", owner="purpose_owner"),
        SameClientForeignKey("Consent", "event", "ConsentEvent"),
        migrations.RunSQL(RAISE_VERSION, "DROP FUNCTION consent_raise_register_version()"),
        *(raises_version(table) for table in REGISTER_TABLES),
        raises_version("accounts_client", "id"),
    ]
