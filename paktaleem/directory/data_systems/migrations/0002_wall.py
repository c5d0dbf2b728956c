"""Systems and orders behind the wall; sets, steps and parts are never changed."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, SameClientForeignKey, TenantIsolation

OWN = ["SystemKey", "OrderSet", "Order", "OrderStep", "OrderPart", "Waiver"]


class Migration(migrations.Migration):
    dependencies = [("systems", "0001_systems"), ("subjects", "0002_wall"), ("files", "0002_wall")]
    operations = [
        TenantIsolation("System", shared=True),
        TenantIsolation("HistoricalSystem", shared=True),
        *(TenantIsolation(model) for model in OWN),
        *(TenantIsolation(f"Historical{model}") for model in ("SystemKey", "Waiver")),
        *(AppendOnly(f"Historical{model}") for model in ("System", "SystemKey", "Waiver")),
        *(AppendOnly(model) for model in ("OrderSet", "OrderStep", "OrderPart")),
        SameClientForeignKey("SystemKey", "system", "System", owner="system_owner"),
        SameClientForeignKey("Order", "system", "System", owner="system_owner"),
        SameClientForeignKey("Order", "subject", "subjects.Subject"),
        SameClientForeignKey("Order", "order_set", "OrderSet"),
        SameClientForeignKey("OrderStep", "order", "Order"),
        SameClientForeignKey("OrderPart", "order", "Order"),
        SameClientForeignKey("OrderPart", "file", "files.SealedFile"),
        SameClientForeignKey("Waiver", "order", "Order"),
    ]
