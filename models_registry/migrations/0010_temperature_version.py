from typing import Any

from django.db import migrations, models


def say_which_version(apps: Any, schema_editor: Any) -> None:
    """A temperature was fitted to the version that the model has had since."""
    attached = apps.get_model("models_registry", "CampaignModel")
    for each in attached.objects.exclude(temperature=None).select_related("model"):
        attached.objects.filter(pk=each.pk).update(temperature_version=each.model.version)


class Migration(migrations.Migration):
    dependencies = [("models_registry", "0009_rolled_back_by")]

    operations = [
        migrations.AddField(
            model_name="campaignmodel",
            name="temperature_version",
            field=models.CharField(blank=True, help_text="The model's version that the temperature was fitted to", max_length=100),
        ),
        migrations.RunPython(say_which_version, migrations.RunPython.noop, elidable=True),
    ]
