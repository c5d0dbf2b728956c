-- When enrolments, ties of guardians, classes or schools change: recompute the schools of the people concerned.
CREATE TRIGGER limits_changed AFTER UPDATE ON schools_enrolment
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_enrolments();
CREATE TRIGGER limits_changed AFTER UPDATE ON people_guardianclaim
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_guardians();
CREATE TRIGGER limits_changed AFTER UPDATE ON guardians_guardianship
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_guardians();
CREATE TRIGGER limits_changed AFTER UPDATE ON schools_schoolclass
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_schools();
CREATE TRIGGER limits_changed AFTER UPDATE ON schools_school
    REFERENCING NEW TABLE AS written OLD TABLE AS replaced
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_schools();
