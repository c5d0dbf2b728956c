"""The tables of cookies."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models

import paktaleem.foundation.tenancy.rows
from paktaleem.foundation.tenancy.tables import CreateTables


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
    ]

    operations = [
        CreateTables(
            migrations.CreateModel(
                name='BannerVersion',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('number', models.PositiveIntegerField(editable=False)),
                    ('asks_since', models.PositiveIntegerField(editable=False)),
                    ('content', models.JSONField(editable=False)),
                    ('digest', models.CharField(editable=False, max_length=64)),
                    ('made_at', models.DateTimeField(editable=False)),
                ],
                options={
                    'ordering': ['-number'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'number'), name='bannerversion_one_per_number'), models.CheckConstraint(condition=models.Q(('asks_since__gte', 1), ('asks_since__lte', models.F('number'))), name='bannerversion_asks_since_is_known')],
                },
            ),
            migrations.CreateModel(
                name='Cookie',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('name', models.CharField(help_text='As browsers show it. A * at the end stands for any ending: _ga_*', max_length=128, validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9!#$%&'+.^_`|~:-]+\\*?\\Z", 'Write the name as browsers show it; a * at the end stands for any ending.')])),
                    ('provider', models.CharField(help_text='The organisation that receives the data.', max_length=200)),
                    ('set_by', models.CharField(choices=[('site', 'The site itself'), ('third_party', 'A third party')], max_length=16, verbose_name='set by')),
                    ('storage', models.CharField(choices=[('cookie', 'Cookie'), ('local', 'Local storage'), ('session', 'Session storage')], default='cookie', max_length=16, verbose_name='stored as')),
                    ('category', models.CharField(choices=[('necessary', 'Necessary'), ('preferences', 'Preferences'), ('analytics', 'Statistics'), ('advertising', 'Advertising')], max_length=16)),
                    ('purpose_en', models.CharField(max_length=500, verbose_name='purpose (English)')),
                    ('purpose_ur', models.CharField(max_length=500, verbose_name='purpose (Urdu)')),
                    ('days', models.PositiveIntegerField(blank=True, help_text='Leave empty if it ends when the browser is closed, or if storage has no end.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='duration in days')),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ],
                options={
                    'ordering': ['name', 'storage'],
                    'constraints': [models.UniqueConstraint(fields=('client', 'name', 'storage'), name='cookie_one_per_name', violation_error_message='This name is in the register already.'), models.CheckConstraint(condition=models.Q(('days', None), models.Q(('days__gte', 1), ('days__lte', 3660)), _connector='OR'), name='cookie_days_are_sensible', violation_error_message='Write a number of days from 1 to 3660, or nothing.')],
                },
            ),
            migrations.CreateModel(
                name='CookieChoice',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('visitor', models.UUIDField(editable=False)),
                    ('version', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cookies.bannerversion')),
                    ('language', models.CharField(editable=False, max_length=8)),
                    ('given', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, editable=False)),
                    ('refused', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, editable=False)),
                    ('source', models.CharField(choices=[('banner', 'In the banner'), ('settings', 'In the settings of the banner'), ('page', 'On the page about cookies'), ('signal', 'By the browser’s privacy signal')], editable=False, max_length=16)),
                    ('has_signal', models.BooleanField(default=False, editable=False, verbose_name='privacy signal')),
                    ('recorded_at', models.DateTimeField(editable=False)),
                ],
                options={
                    'verbose_name': 'choice about cookies',
                    'verbose_name_plural': 'choices about cookies',
                    'ordering': ['-recorded_at', '-id'],
                    'indexes': [models.Index(fields=['client', '-recorded_at', '-id'], name='cookiechoice_by_time'), models.Index(fields=['-recorded_at', '-id'], name='cookiechoice_by_time_all'), models.Index(fields=['client', 'visitor', '-recorded_at'], name='cookiechoice_of_visitor')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('given__overlap', models.F('refused')), _negated=True), name='cookiechoice_is_one_or_other'), models.CheckConstraint(condition=models.Q(('given', []), ('refused', []), _negated=True), name='cookiechoice_says_something'), models.CheckConstraint(condition=models.Q(models.Q(('source', 'signal'), _negated=True), models.Q(('given', []), ('has_signal', True)), _connector='OR'), name='cookiechoice_signal_gives_nothing'), models.CheckConstraint(condition=models.Q(models.Q(('given__contains', ['necessary']), _negated=True), models.Q(('refused__contains', ['necessary']), _negated=True)), name='cookiechoice_of_optional_ones')],
                },
            ),
            migrations.CreateModel(
                name='CookieSite',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('key', models.CharField(editable=False, max_length=40, verbose_name='site key')),
                    ('origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), help_text='One or more, separated by commas: https://lms.example. Without a path.', size=20)),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ],
                options={
                    'verbose_name': 'site with the banner',
                    'verbose_name_plural': 'sites with the banner',
                    'ordering': ['key'],
                    'indexes': [models.Index(fields=['key'], name='cookiesite_by_key')],
                    'constraints': [models.UniqueConstraint(fields=('client',), name='cookiesite_one_per_client', violation_error_message='This client has a site already: add the origin there.'), models.CheckConstraint(condition=models.Q(('origins__len__gte', 1)), name='cookiesite_has_an_origin')],
                },
            ),
            migrations.CreateModel(
                name='HistoricalCookie',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('name', models.CharField(help_text='As browsers show it. A * at the end stands for any ending: _ga_*', max_length=128, validators=[django.core.validators.RegexValidator("\\A[A-Za-z0-9!#$%&'+.^_`|~:-]+\\*?\\Z", 'Write the name as browsers show it; a * at the end stands for any ending.')])),
                    ('provider', models.CharField(help_text='The organisation that receives the data.', max_length=200)),
                    ('set_by', models.CharField(choices=[('site', 'The site itself'), ('third_party', 'A third party')], max_length=16, verbose_name='set by')),
                    ('storage', models.CharField(choices=[('cookie', 'Cookie'), ('local', 'Local storage'), ('session', 'Session storage')], default='cookie', max_length=16, verbose_name='stored as')),
                    ('category', models.CharField(choices=[('necessary', 'Necessary'), ('preferences', 'Preferences'), ('analytics', 'Statistics'), ('advertising', 'Advertising')], max_length=16)),
                    ('purpose_en', models.CharField(max_length=500, verbose_name='purpose (English)')),
                    ('purpose_ur', models.CharField(max_length=500, verbose_name='purpose (Urdu)')),
                    ('days', models.PositiveIntegerField(blank=True, help_text='Leave empty if it ends when the browser is closed, or if storage has no end.', null=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='duration in days')),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical cookie',
                    'verbose_name_plural': 'historical cookies',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalCookieSite',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('key', models.CharField(editable=False, max_length=40, verbose_name='site key')),
                    ('origins', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), help_text='One or more, separated by commas: https://lms.example. Without a path.', size=20)),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical site with the banner',
                    'verbose_name_plural': 'historical sites with the banner',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='HistoricalLinkedService',
                fields=[
                    ('id', models.UUIDField(db_index=True, default=paktaleem.foundation.tenancy.rows.new_id, editable=False)),
                    ('actor_kind', models.CharField(choices=[('user', 'user'), ('api_key', 'api_key'), ('subject', 'subject'), ('system', 'system')], max_length=16)),
                    ('actor_id', models.UUIDField()),
                    ('actor_role', models.CharField(max_length=32)),
                    ('name', models.CharField(max_length=200)),
                    ('url', models.URLField(max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='address')),
                    ('policy_url', models.URLField(max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='address of its privacy policy')),
                    ('purpose_en', models.CharField(max_length=500, verbose_name='why it is linked (English)')),
                    ('purpose_ur', models.CharField(max_length=500, verbose_name='why it is linked (Urdu)')),
                    ('review_on', models.DateField(verbose_name='review day')),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                    ('history_user_id', models.UUIDField(editable=False, null=True)),
                    ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.client')),
                    ('history_id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('history_date', models.DateTimeField(db_index=True)),
                    ('history_change_reason', models.CharField(max_length=100, null=True)),
                    ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ],
                options={
                    'verbose_name': 'historical linked service',
                    'verbose_name_plural': 'historical linked services',
                    'ordering': ('-history_date', '-history_id'),
                    'get_latest_by': ('history_date', 'history_id'),
                },
                bases=(simple_history.models.HistoricalChanges, models.Model),
            ),
            migrations.CreateModel(
                name='LinkedService',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('name', models.CharField(max_length=200)),
                    ('url', models.URLField(max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='address')),
                    ('policy_url', models.URLField(max_length=500, validators=[django.core.validators.URLValidator(schemes=['https'])], verbose_name='address of its privacy policy')),
                    ('purpose_en', models.CharField(max_length=500, verbose_name='why it is linked (English)')),
                    ('purpose_ur', models.CharField(max_length=500, verbose_name='why it is linked (Urdu)')),
                    ('review_on', models.DateField(verbose_name='review day')),
                    ('is_active', models.BooleanField(default=True, verbose_name='in use')),
                ],
                options={
                    'verbose_name': 'linked service',
                    'ordering': ['name', 'id'],
                    'indexes': [models.Index(condition=models.Q(('is_active', True)), fields=['client', 'review_on', 'id'], name='linkedservice_by_review'), models.Index(condition=models.Q(('is_active', True)), fields=['review_on', 'id'], name='linkedservice_by_review_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'url'), name='linkedservice_one_per_url', violation_error_message='This address is in the register already.')],
                },
            ),
            migrations.CreateModel(
                name='Visitor',
                fields=[
                    ('id', models.UUIDField(default=paktaleem.foundation.tenancy.rows.new_id, editable=False, primary_key=True, serialize=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.client')),
                    ('token_hash', models.CharField(editable=False, max_length=64)),
                    ('first_at', models.DateTimeField(editable=False)),
                    ('last_at', models.DateTimeField(editable=False)),
                    ('version', models.PositiveIntegerField(editable=False)),
                    ('given', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, editable=False)),
                    ('refused', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, editable=False)),
                ],
                options={
                    'indexes': [models.Index(fields=['client', 'last_at', 'id'], name='visitor_by_last_time'), models.Index(fields=['last_at', 'id'], name='visitor_by_last_time_all')],
                    'constraints': [models.UniqueConstraint(fields=('client', 'token_hash'), name='visitor_one_per_token'), models.CheckConstraint(condition=models.Q(('last_at__gte', models.F('first_at'))), name='visitor_times_are_ordered')],
                },
            ),
        ),
    ]
