-- Before a purpose no longer only serves open accounts, or a restriction ends: require the approval of a second person.
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_purpose
    FOR EACH ROW WHEN (OLD.needs_account AND NOT NEW.needs_account)
    EXECUTE FUNCTION consent_require_second_person();
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_restriction
    FOR EACH ROW WHEN (NEW.ends_at IS DISTINCT FROM OLD.ends_at AND NEW.ends_at > NEW.starts_at)
    EXECUTE FUNCTION consent_require_second_person();
