"""Systems and orders behind the wall; sets, steps and parts are never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, BelongsTo, Walled

OWN = ["SystemKey", "OrderSet", "Order", "OrderStep", "OrderPart", "Waiver"]


class Migration(migrations.Migration):
    dependencies = [("systems", "0001_systems"), ("subjects", "0002_wall"), ("files", "0002_wall")]
    operations = [
        Walled("System", shared=True),
        Walled("HistoricalSystem", shared=True),
        *(Walled(model) for model in OWN),
        *(Walled(f"Historical{model}") for model in ("SystemKey", "Waiver")),
        *(AppendOnly(f"Historical{model}") for model in ("System", "SystemKey", "Waiver")),
        *(AppendOnly(model) for model in ("OrderSet", "OrderStep", "OrderPart")),
        BelongsTo("SystemKey", "system", "System", owner="system_owner"),
        BelongsTo("Order", "system", "System", owner="system_owner"),
        BelongsTo("Order", "subject", "subjects.Subject"),
        BelongsTo("Order", "order_set", "OrderSet"),
        BelongsTo("OrderStep", "order", "Order"),
        BelongsTo("OrderPart", "order", "Order"),
        BelongsTo("OrderPart", "file", "files.SealedFile"),
        BelongsTo("Waiver", "order", "Order"),
    ]
