"""No client's code is a part of the portal's own addresses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_user_history")]
    operations = [
        migrations.AddConstraint(
            model_name="client",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "code__in",
                        (
                            "children",
                            "code",
                            "compare",
                            "decide",
                            "give",
                            "leave",
                            "link",
                            "notices",
                            "receipt",
                            "versions",
                        ),
                    ),
                    _negated=True,
                ),
                name="client_code_is_no_address_of_ours",
                violation_error_message="This code is a part of the portal's own addresses: choose another.",
            ),
        )
    ]
