-- Before a purpose no longer only serves open accounts: require the approval of a second person.
CREATE TRIGGER requires_second_person_update BEFORE UPDATE ON consent_purpose
    FOR EACH ROW WHEN (OLD.needs_account AND NOT NEW.needs_account)
    EXECUTE FUNCTION consent_require_second_person();
