"""Announcements behind the wall; a proof of dispatch is final, and raises the register's version of its client."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation

TRACKED = ["NoticeDraft", "NoticeDispatch"]
EVIDENCE = ["NoticeResponse", "NoticeEffect", "PolicyAcknowledgement"]

KEEP_PROOF = """
CREATE FUNCTION consent_keep_proof() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.dispatched_at IS NOT NULL AND (OLD.dispatched_at, OLD.proven_at, OLD.takes_effect_at)
        IS DISTINCT FROM (NEW.dispatched_at, NEW.proven_at, NEW.takes_effect_at)
       OR (OLD.id, OLD.client_id, OLD.version_id) IS DISTINCT FROM (NEW.id, NEW.client_id, NEW.version_id) THEN
        RAISE EXCEPTION 'what proves an announcement is never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
"""


def raises_version(event, when):
    """Raise the client's register version where the moment of effect is new."""
    name = f"raises_register_version_{event.lower()}"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON consent_noticedispatch FOR EACH ROW WHEN ({when}) "
        "EXECUTE FUNCTION consent_raise_register_version('client_id')",
        f"DROP TRIGGER {name} ON consent_noticedispatch",
    )


class Migration(migrations.Migration):
    dependencies = [("consent", "0010_announcements")]
    operations = [
        *(TenantIsolation(model) for model in [*TRACKED, *EVIDENCE]),
        *(TenantIsolation(f"Historical{model}") for model in TRACKED),
        *(AppendOnly(f"Historical{model}") for model in TRACKED),
        *(AppendOnly(model) for model in EVIDENCE),
        SameClientForeignKey("NoticeDraft", "notice", "Notice"),
        SameClientForeignKey("NoticeDispatch", "version", "NoticeVersion", owner="version_owner"),
        SameClientForeignKey("NoticeResponse", "dispatch", "NoticeDispatch"),
        SameClientForeignKey("NoticeEffect", "version", "NoticeVersion", owner="version_owner"),
        SameClientForeignKey("PolicyAcknowledgement", "subject", "subjects.Subject"),
        SameClientForeignKey("PolicyAcknowledgement", "version", "NoticeVersion", owner="version_owner"),
        migrations.RunSQL(KEEP_PROOF, "DROP FUNCTION consent_keep_proof()"),
        migrations.RunSQL(
            "CREATE TRIGGER keeps_proof BEFORE UPDATE ON consent_noticedispatch FOR EACH ROW "
            "EXECUTE FUNCTION consent_keep_proof()",
            "DROP TRIGGER keeps_proof ON consent_noticedispatch",
        ),
        raises_version("INSERT", "NEW.takes_effect_at IS NOT NULL"),
        raises_version("UPDATE", "NEW.takes_effect_at IS DISTINCT FROM OLD.takes_effect_at"),
    ]
