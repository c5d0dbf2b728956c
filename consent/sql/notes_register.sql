-- When a register's version is raised: note it.
CREATE TRIGGER notes_register AFTER INSERT OR UPDATE ON consent_registerversion
    FOR EACH ROW EXECUTE FUNCTION consent_note_register();
