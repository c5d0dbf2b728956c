"""Changes of periods become a kind of the changes that take two people.

Requests are not carried over: no portal with any is in use. The history of a period says who approved it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("upkeep", "0003_ground"),
    ]
    operations = [
        migrations.DeleteModel("PeriodChange"),
        migrations.AlterModelOptions(
            name="historicalportalperiod",
            options={
                "get_latest_by": ("history_date", "history_id"),
                "ordering": ("-history_date", "-history_id"),
                "verbose_name": "historical period of the portal’s own data",
                "verbose_name_plural": "historical periods of the portal’s own data",
            },
        ),
        migrations.AlterModelOptions(
            name="portalperiod",
            options={
                "verbose_name": "period of the portal’s own data",
                "verbose_name_plural": "periods of the portal’s own data",
            },
        ),
    ]
