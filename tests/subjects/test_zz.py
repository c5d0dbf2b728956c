from django.db import connection
from tests.subjects.test_import_roster import *
from paktaleem.subjects.importing import tables as t
def test_zz(committed, bring, now):
    with in_client(committed.client_id("khyber")):
        c=committed.client("khyber")
        marks=[]
        def look(tag):
            with connection.cursor() as cu:
                cu.execute("select indexrelid::regclass::text,pg_stat_get_xact_numscans(indexrelid),pg_stat_get_xact_tuples_returned(indexrelid) from pg_index where indrelid='subjects_subject'::regclass and pg_stat_get_xact_numscans(indexrelid)>0")
                print("IX",tag,cu.fetchall())
        for n in ("known_people","erased_tombstones","known_relations","write_new_people","write_new_keys","write_new_claims"):
            def w(*a,_f=getattr(t,n),_n=n):
                r=_f(*a); look(_n); return r
            setattr(t,n,w)
        bring(school(300), c)
        bring(school(300), c, at=now+LATER)
        with connection.cursor() as cu:
            cu.execute("select relpages,reltuples from pg_class where relname='subjects_subject'"); print("RP",cu.fetchall())
            cu.execute(f"explain select * from unnest('{{a,b}}'::text[]) as pair(child) left join lateral ("+t._PERSON_WITH_ID.format(id="pair.child")+") c on true",{"client":c.id})
            for r in cu.fetchall(): print("EX",r[0])
