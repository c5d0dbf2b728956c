-- Before a purpose no longer only serves open accounts, a restriction ends, more is shared with a recipient, or its terms
-- change: require the approval of a second person.
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_purpose
    FOR EACH ROW WHEN (OLD.needs_account AND NOT NEW.needs_account)
    EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_restriction
    FOR EACH ROW WHEN (NEW.ends_at IS DISTINCT FROM OLD.ends_at AND NEW.ends_at > NEW.starts_at)
    EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_recipientapproval
    FOR EACH ROW WHEN (
        NOT NEW.purposes <@ OLD.purposes
        OR NOT NEW.categories <@ OLD.categories
        OR NEW.starts_at < OLD.starts_at
        OR coalesce(NEW.ends_at, 'infinity') > coalesce(OLD.ends_at, 'infinity')
        OR coalesce(NEW.objection_until, '-infinity') < coalesce(OLD.objection_until, '-infinity')
        OR NEW.is_integral > OLD.is_integral
        OR NEW.recipient_id <> OLD.recipient_id
        OR NEW.announced_as IS DISTINCT FROM OLD.announced_as
        OR NEW.approved_at IS DISTINCT FROM OLD.approved_at
    )
    EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_recipient
    FOR EACH ROW WHEN (
        NEW.name <> OLD.name
        OR NEW.service <> OLD.service
        OR NEW.service_ur <> OLD.service_ur
        OR NEW.kind <> OLD.kind
        OR NEW.countries <> OLD.countries
        OR NEW.transfer_ground <> OLD.transfer_ground
        OR coalesce(NEW.agreement_starts_at, '-infinity') < coalesce(OLD.agreement_starts_at, '-infinity')
        OR coalesce(NEW.agreement_ends_at, 'infinity') > coalesce(OLD.agreement_ends_at, 'infinity')
    )
    EXECUTE FUNCTION consent_require_second_person();
