-- Check the schools of a limit when it changes.
CREATE TRIGGER limits_renamed BEFORE UPDATE ON accounts_membership
    FOR EACH ROW WHEN (NEW.school_ids IS DISTINCT FROM OLD.school_ids) EXECUTE FUNCTION school_limits_check_names();
CREATE TRIGGER limits_renamed BEFORE UPDATE ON accounts_staffchange
    FOR EACH ROW WHEN (NEW.school_ids IS DISTINCT FROM OLD.school_ids) EXECUTE FUNCTION school_limits_check_names();
