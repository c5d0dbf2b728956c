"""Accounts that are erased; names and addresses of staff are taken out of the history, which cannot be erased."""

from django.db import migrations, models

from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_law_of_a_client'),
    ]

    operations = [
        migrations.AlterField(  # so that the column can come back
            model_name='historicalstaffchange',
            name='email',
            field=models.CharField(default='', max_length=254),
        ),
        migrations.AlterField(  # so that the column can come back
            model_name='historicaluser',
            name='email',
            field=models.CharField(default='', max_length=254),
        ),
        migrations.AlterField(  # so that the column can come back
            model_name='historicaluser',
            name='full_name',
            field=models.CharField(default='', max_length=200),
        ),
        migrations.RemoveField(
            model_name='historicalstaffchange',
            name='email',
        ),
        migrations.RemoveField(
            model_name='historicaluser',
            name='email',
        ),
        migrations.RemoveField(
            model_name='historicaluser',
            name='full_name',
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='erased_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='erased_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at', None), models.Q(('email__endswith', '@erased.invalid'), ('full_name', ''), ('is_active', False)), _connector='OR'), name='user_erased_holds_nothing'),
        ),
        ApplySql("accounts_membership_periods", digest="e1f5c3a5721f"),
    ]
