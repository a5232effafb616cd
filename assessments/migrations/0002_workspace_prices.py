from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="workspace",
            name="prices",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='What an hour of a device costs you in US dollars: {"h100": 2.1, "l4": [0.4, 0.5, 0.8]}.',
            ),
        ),
    ]
