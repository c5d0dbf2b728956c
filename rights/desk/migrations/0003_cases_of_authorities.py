"""Cases of authorities at the desk: their deadlines are tasks, their messages notes. Hand-overs are linked by number."""

import django.db.models.deletion
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.operations import Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.tables import CreateTables

_OLD = "complaints_deadlinereminder, complaints_casedeadline, complaints_caseentry, complaints_authoritycase"


class Migration(migrations.Migration):
    dependencies = [
        ("desk", "0002_tenancy"),
        ("accounts", "0002_tenancy"),
        ("files", "0002_tenancy"),
        ("rights", "0004_granted_purposes"),
    ]
    operations = [
        migrations.RunSQL(f"DROP TABLE IF EXISTS {_OLD}", migrations.RunSQL.noop),
        migrations.DeleteModel("HandOver"),
        migrations.AlterField(
            "requesttask",
            "kind",
            models.CharField(choices=[('call', 'Call the person at the number on file'), ('inform', 'Inform the person of the request'), ('read', 'Read a new email about the request'), ('ask_client', 'Ask the client'), ('check_system', 'Check a system'), ('write', 'Write a letter'), ('authority', 'Answer the supervisory authority'), ('other', 'Something else')], max_length=16, verbose_name='task'),
        ),
        CreateTables(
            migrations.CreateModel(
                name='AuthorityCase',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('authority', models.CharField(max_length=200)),
                    ('reference', models.BinaryField(null=True)),
                    ('opened_on', models.DateField(verbose_name='opened on')),
                    ('outcome', models.CharField(blank=True, choices=[('upheld', 'Upheld'), ('partly', 'Partly upheld'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('settled', 'Settled')], default='', max_length=16)),
                    ('measures', models.BinaryField(null=True)),
                    ('ended_on', models.DateField(null=True, verbose_name='ended on')),
                    ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('request', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='rights.rightsrequest')),
                ],
                options={
                    'verbose_name': 'authority case',
                    'verbose_name_plural': 'authority cases',
                    'ordering': ['-recorded_at', '-id'],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_on', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('ended_on__isnull', False)), _connector='OR'), name='authoritycase_ends_with_outcome')],
                    'indexes': [
                        models.Index(fields=['client', 'request'], name='authoritycase_of_request'),
                        models.Index(fields=['client', '-recorded_at', '-id'], name='authoritycase_by_time'),
                        models.Index(fields=['-recorded_at', '-id'], name='authoritycase_by_time_all'),
                        models.Index(fields=['client', 'outcome', '-recorded_at', '-id'], name='authoritycase_by_outcome'),
                        models.Index(fields=['outcome', '-recorded_at', '-id'], name='authoritycase_by_outcome_all'),
                    ],
                },
            ),
        ),
        Isolate(
            TenantIsolation("AuthorityCase"),
            SameClientForeignKey("AuthorityCase", "request", "rights.RightsRequest"),
        ),
    ]
