-- When the date of effect of a dispatch changes: raise the version of the client's register.
CREATE TRIGGER raises_register_version_update AFTER UPDATE ON consent_noticedispatch
    FOR EACH ROW WHEN (NEW.takes_effect_at IS DISTINCT FROM OLD.takes_effect_at)
    EXECUTE FUNCTION consent_raise_register_version('client_id');
