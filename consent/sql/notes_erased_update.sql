-- When a guardian is erased: note the children.
CREATE TRIGGER notes_erased_update AFTER UPDATE ON people_subject
    REFERENCING OLD TABLE AS before NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION consent_note_erased_guardians();
