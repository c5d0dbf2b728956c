-- When enrolments and ties of guardians are added: recompute the schools of their people.
CREATE TRIGGER limits_added AFTER INSERT ON schools_enrolment
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_enrolments();
CREATE TRIGGER limits_added AFTER INSERT ON people_guardianclaim
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_guardians();
CREATE TRIGGER limits_added AFTER INSERT ON guardians_guardianship
    REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION school_limits_of_guardians();
