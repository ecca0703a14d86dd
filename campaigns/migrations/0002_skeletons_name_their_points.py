"""Skeletons had names and edges by number; now their points have places, and edges name them."""

from django.db import migrations

from campaigns.geometry.skeletons import circle_of


def name_points(apps, schema_editor):
    Label = apps.get_model("campaigns", "Label")
    for label in Label.objects.exclude(skeleton={}):
        names = label.skeleton.get("names")
        if "points" in label.skeleton or not isinstance(names, list):
            continue
        edges = [[names[a], names[b]] for a, b in label.skeleton.get("edges") or []]
        label.skeleton = {"points": circle_of(names), "edges": edges, "flip": []}
        label.save(update_fields=["skeleton"])


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [migrations.RunPython(name_points, migrations.RunPython.noop)]
