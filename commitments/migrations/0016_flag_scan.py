from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("commitments", "0015_list_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="FlagScan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("on", models.DateField()),
                ("seq", models.BigIntegerField(help_text="The last entry it knew of.")),
                (
                    "rules",
                    models.CharField(
                        help_text="A digest of what it asked.", max_length=64
                    ),
                ),
                (
                    "whole_on",
                    models.DateField(help_text="When all were last compared."),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        name="flag_scan_is_one_row", condition=Q(pk=1)
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["stale_after"], name="commitment_stale"),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["due_on"], name="commitment_due"),
        ),
        migrations.AddIndex(
            model_name="commitment",
            index=models.Index(fields=["last_material_on"], name="commitment_material"),
        ),
        migrations.AddIndex(
            model_name="state",
            index=models.Index(
                condition=Q(known_until=2**62),
                fields=[
                    "status",
                    "effective_from",
                    "effective_until",
                    "standing",
                    "known_until",
                ],
                name="state_status_of_a_day",
            ),
        ),
        migrations.RemoveConstraint(
            model_name="flag",
            name="flag_open_once_per_commitment_and_reason",
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(
                condition=Q(closed_at=None),
                fields=("reason", "commitment"),
                name="flag_open_once_per_commitment_and_reason",
            ),
        ),
    ]
