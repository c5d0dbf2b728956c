"""Adds the role of people outside the learning platform."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_law_of_a_client'),
        ('people', '0005_has_a_ground'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='subject',
            name='subject_other_roles_besides_role',
        ),
        migrations.AlterField(
            model_name='historicalsubject',
            name='other_roles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian'), ('contact', 'Contact')], max_length=16), db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name='historicalsubject',
            name='role',
            field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian'), ('contact', 'Contact')], max_length=16),
        ),
        migrations.AlterField(
            model_name='subject',
            name='other_roles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian'), ('contact', 'Contact')], max_length=16), db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name='subject',
            name='role',
            field=models.CharField(choices=[('student', 'Student'), ('learner', 'Learner'), ('instructor', 'Instructor'), ('administrator', 'Administrator'), ('guardian', 'Guardian'), ('contact', 'Contact')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='subject',
            constraint=models.CheckConstraint(condition=models.Q(('other_roles__contained_by', ['student', 'learner', 'instructor', 'administrator', 'guardian', 'contact']), models.Q(('other_roles__contains', [models.F('role')]), _negated=True)), name='subject_other_roles_besides_role'),
        ),
    ]
