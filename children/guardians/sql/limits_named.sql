-- Check the schools of a limit when it is given.
CREATE TRIGGER limits_named BEFORE INSERT ON accounts_membership
    FOR EACH ROW WHEN (NEW.school_ids IS NOT NULL) EXECUTE FUNCTION school_limits_check_names();
CREATE TRIGGER limits_named BEFORE INSERT ON accounts_staffchange
    FOR EACH ROW WHEN (NEW.school_ids IS NOT NULL) EXECUTE FUNCTION school_limits_check_names();
