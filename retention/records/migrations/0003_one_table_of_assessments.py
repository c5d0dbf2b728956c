"""Impact assessments are those of the register, which two people make."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("records", "0002_tenancy")]
    operations = [migrations.DeleteModel("HistoricalImpactAssessment"), migrations.DeleteModel("ImpactAssessment")]
