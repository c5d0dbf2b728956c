"""One more reason: telling a client in advance."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subjects', '0008_of_age_threshold'),
    ]

    operations = [
        migrations.AlterField(
            model_name='accessrecord',
            name='reason',
            field=models.CharField(choices=[('onboarding', 'Setting up a client or person'), ('roster_import', 'Import of a roster'), ('lms_update', 'Update by the learning platform'), ('client_instruction', 'Instruction of the client'), ('agreement_change', 'Change of an agreement'), ('client_notification', 'Telling a client in advance'), ('law_change', 'Change of law or guidance'), ('review', 'Periodic review'), ('correction', 'Correction of a mistake'), ('subject_request', 'Request of the data subject or a guardian'), ('support_case', 'Support case'), ('incident', 'Security or privacy incident'), ('key_rotation', 'Rotation of a key')], max_length=32),
        ),
    ]
