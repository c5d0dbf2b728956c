-- When rows are changed that decisions read: note whom they concern, once for each statement.
CREATE TRIGGER notes_update AFTER UPDATE ON guardians_guardianship
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_children('child_id');
CREATE TRIGGER notes_update AFTER UPDATE ON guardians_quarantine
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_children('subject_id');
CREATE TRIGGER notes_update AFTER UPDATE ON guardians_verification
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_verified();
CREATE TRIGGER notes_update AFTER UPDATE ON consent_consent
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_consents();
CREATE TRIGGER notes_update AFTER UPDATE ON consent_objection
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_limits('objection');
CREATE TRIGGER notes_update AFTER UPDATE ON consent_restriction
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_limits('restriction');
CREATE TRIGGER notes_update AFTER UPDATE ON consent_retentionfact
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_retention();
CREATE TRIGGER notes_update AFTER UPDATE ON people_subject
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_subjects();
