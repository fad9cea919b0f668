import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def mark_sent(apps, schema_editor):
    """Digests that are there have been sent, on the day they were made."""
    apps.get_model("commitments", "DeskDigest").objects.update(sent_at=F("flags_until"))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("commitments", "0010_tips"),
    ]

    operations = [
        migrations.RenameModel(old_name="FlagDigest", new_name="DeskDigest"),
        migrations.RemoveConstraint(
            model_name="deskdigest", name="flag_digest_once_a_day"
        ),
        migrations.AlterModelOptions(
            name="deskdigest", options={"ordering": ["-on", "kind", "recipient"]}
        ),
        migrations.AddField(
            model_name="deskdigest",
            name="kind",
            field=models.CharField(
                choices=[
                    ("day", "What waits, each morning"),
                    ("week", "The week's numbers, each Monday"),
                ],
                default="day",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="deskdigest",
            name="leased_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="deskdigest",
            name="is_empty",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="deskdigest",
            name="sent_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="deskdigest",
            name="on",
            field=models.DateField(help_text="The day, or the Monday after the week."),
        ),
        migrations.RunPython(mark_sent, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="deskdigest",
            constraint=models.UniqueConstraint(
                fields=("recipient", "kind", "on"), name="desk_digest_once_a_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="deskdigest",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["day", "week"])),
                name="desk_digest_kind_is_known",
            ),
        ),
        migrations.CreateModel(
            name="DigestPause",
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
                ("since", models.DateTimeField()),
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="digest_pause",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
    ]
