"""Packages in the shapes that three widely used school systems export, written after their public documentation.

No file of a school or vendor was copied, and the people in them are invented. Each describes the same network: Celia
leads it, Farhan teaches Danish, aged 9, whose mother is Esra.

- Aeries: "Aeries to OneRoster data mapping" and "OneRoster CSV extract" (support.aeries.com, articles 14000085077 and
  14000067156). OneRoster 1.1; ids made of school and record numbers, staff with the prefix ``TCH_``; the date of
  change is always filled; elementary classes have no title and refer to courses and terms of their own.
- Infinite Campus: "OneRoster CSV Extract Configuration" (kb.infinitecampus.com). OneRoster 1.1; the Data Extract
  Utility writes eleven files, each separately, and a tool packs them; values with a comma are quoted; the state of
  every record is filled.
- ManageBac: "OneRoster custom specification" (guide.fariaedu.com). ``TRUE`` and ``FALSE``, ``dateModified`` for the
  date of change, guids as ids, demographics with the cells of origin empty.
"""

from collections.abc import Callable

from tests.rosters import HEADERS

_BULK = "manifest.version,1.0\noneroster.version,1.1\n"


def _manifest(bulk: str, absent: str = "", *, system: str) -> bytes:
    lines = [f"file.{name},bulk" for name in bulk.split()] + [f"file.{name},absent" for name in absent.split()]
    return f"propertyName,value\n{_BULK}{'\n'.join(lines)}\nsource.systemName,{system}\n".encode()


def _file(name: str, *rows: str, changed: str = "dateLastModified") -> dict[str, bytes]:
    header = HEADERS[name].replace(" ", ",").replace("dateLastModified", changed)
    return {name: "".join(f"{line}\r\n" for line in (header, *rows)).encode()}


def aeries() -> dict[str, bytes]:
    changed = "2026-08-21T16:05:33.000Z"
    return {
        "manifest.csv": _manifest(
            "academicSessions classes courses demographics enrollments orgs users", "lineItems results", system="Aeries"
        ),
        **_file("academicSessions.csv", f"994_F,active,{changed},Fall,term,2026-08-01,2026-12-18,,2026-2027"),
        **_file(
            "orgs.csv",
            f"0,active,{changed},Indus Network,district,,",
            f"994,active,{changed},Lyari School,school,994,0",
        ),
        **_file("courses.csv", f"0401,active,{changed},,Grade 4,0401,04,994,,"),
        **_file("classes.csv", f'994_TN_421,active,{changed},,"04,05",TCH_990421,,scheduled,12,994,994_Y,,,0'),
        **_file(
            "users.csv",
            f"TCH_990400,active,{changed},true,994,administrator,celia,,Celia,Farooqi,,,celia@school.example,,,,,",
            f"TCH_990421,active,{changed},true,994,teacher,farhan,,Farhan,Iqbal,,,farhan@school.example,,,,,",
            f"CON_7001_1,active,{changed},true,994,parent,,,Esra,Khan,,,esra@mail.example,,,,,",
            f'7001,active,{changed},true,994,student,7001,"{{Local:7001}}",Danish,Khan,,,,,,CON_7001_1,04,',
        ),
        **_file(
            "demographics.csv",
            f"7001,active,{changed},2017-03-14,male,false,true,false,false,false,false,false,PK,,Karachi,",
            f"6999,active,{changed},2016-01-02,female,false,true,false,false,false,false,false,PK,,Karachi,",
        ),
        **_file(
            "enrollments.csv",
            f"994_421_990421,active,{changed},994_TN_421,994,TCH_990421,teacher,true,,",
            f"994_421_7001,active,{changed},994_TN_421,994,7001,student,,2026-08-17,",
        ),
    }


def infinite_campus() -> dict[str, bytes]:
    unread = {f"{name}.csv": b"sourcedId,status\n" for name in ("categories", "lineItems", "results")}
    return {
        "manifest.csv": _manifest(
            "academicSessions categories classes courses demographics enrollments lineItems orgs results users",
            system="Infinite Campus",
        ),
        "academicSessions.csv": (
            b'"sourcedId","status","dateLastModified","title","type","startDate","endDate","parentSourcedId","schoolYear"\n'
            b'"T-11","active","2026-07-01T05:00:00Z","Year, 26-27","schoolYear","2026-08-01","2027-05-31","","2027"\n'
        ),
        "orgs.csv": (
            b'"sourcedId","status","dateLastModified","name","type","identifier","parentSourcedId"\n'
            b'"S-3","active","2026-07-01T05:00:00Z","Lyari, School","school","0003","D-1"\n'
        ),
        "courses.csv": (
            b'"sourcedId","status","dateLastModified","schoolYearSourcedId","title","courseCode","grades","orgSourcedId",'
            b'"subjects","subjectCodes"\n"C-1","active","2026-07-01T05:00:00Z","T-11","Grade 4","G4","04","S-3","",""\n'
        ),
        "classes.csv": (
            b'"sourcedId","status","dateLastModified","title","grades","courseSourcedId","classCode","classType",'
            b'"location","schoolSourcedId","termSourcedIds","subjects","subjectCodes","periods"\n'
            b'"X-5","active","2026-07-01T05:00:00Z","4-A","04","C-1","4A","Scheduled","","S-3","T-11","","","1,2"\n'
        ),
        "users.csv": (
            b'"sourcedId","status","dateLastModified","enabledUser","orgSourcedIds","role","username","userIds",'
            b'"givenName","familyName","middleName","identifier","email","sms","phone","agentSourcedIds","grades",'
            b'"password","metadata.homeLanguage"\n'
            b'"p100","active","2026-08-01T05:00:00Z","true","S-3","administrator","celia","","Celia","Farooqi","","",'
            b'"celia@school.example","","","","","",""\n'
            b'"p101","active","2026-08-01T05:00:00Z","true","S-3","teacher","farhan","","Farhan","Iqbal","","",'
            b'"farhan@school.example","","","","","",""\n'
            b'"p102","active","2026-08-01T05:00:00Z","true","S-3","parent","esra","","Esra","Khan","","",'
            b'"esra@mail.example","","","p103","","",""\n'
            b'"p103","active","2026-08-01T05:00:00Z","true","S-3","student","danish","{SIS:103},{State:9}","Danish",'
            b'"Khan","","103","","","","p102,p101","04","","ur"\n'
        ),
        "demographics.csv": b'"sourcedId","birthDate","sex"\n"p103","2017-03-14","male"\n',
        "enrollments.csv": (
            b'"sourcedId","status","dateLastModified","classSourcedId","schoolSourcedId","userSourcedId","role",'
            b'"primary","beginDate","endDate"\n'
            b'"e1","active","2026-08-01T05:00:00Z","X-5","S-3","p101","teacher","true","2026-08-01","2027-05-31"\n'
            b'"e2","active","2026-08-01T05:00:00Z","X-5","S-3","p103","student","false","2026-08-01","2027-05-31"\n'
        ),
        **unread,
    }


def managebac() -> dict[str, bytes]:
    celia, farhan, esra, danish = (f"{number}d74ab3c-0c52-4e39-9a4e-5f4b2c1aed70" for number in (1, 2, 3, 4))
    return {
        "manifest.csv": _manifest("orgs users demographics classes enrollments", "courses results", system="ManageBac"),
        **_file("orgs.csv", "o-1,,,Lyari School,School,,", changed="dateModified"),
        **_file(
            "users.csv",
            f"{celia},,,TRUE,o-1,administrator,,,Celia,Farooqi,,,celia@school.example,,,,,",
            f"{farhan},,,TRUE,o-1,teacher,,,Farhan,Iqbal,,,farhan@school.example,,,,,",
            f"{esra},,,TRUE,o-1,parent,,,Esra,Khan,,,esra@mail.example,,,,,",
            f"{danish},,,TRUE,o-1,student,,,Danish,Khan,,,,,,{esra},Grade 4,",
            changed="dateModified",
        ),
        **_file("demographics.csv", f"{danish},,,2017-03-14,male,,,,,,,,,,,", changed="dateModified"),
        **_file("classes.csv", "c-1,,,Homeroom 4-A,,,4A,advisory,,o-1,,,,", changed="dateModified"),
        **_file(
            "enrollments.csv",
            f"m-1,,,c-1,o-1,{danish},student,,01/08/2026,",
            f"m-2,,,c-1,o-1,{farhan},teacher,,01/08/2026,",
            changed="dateModified",
        ),
    }


SYSTEMS: dict[Callable[[], dict[str, bytes]], frozenset[str]] = {
    aeries: frozenset({*("cell_empty", "reference_unknown", "birth_date_of_nobody"), "class_grades_several"}),
    infinite_campus: frozenset(
        {*("reference_unknown", "value_spelling", "column_ignored"), *("column_missing", "agent_not_guardian")}
    ),
    managebac: frozenset(
        {*("value_spelling", "column_ignored", "value_unknown", "date_form", "cell_empty"), "file_absent"}
    ),
}
"""Each system's package, and the oddities that are accepted in it."""
