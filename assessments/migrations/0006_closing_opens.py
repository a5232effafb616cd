from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("assessments", "0005_outcome")]

    operations = [
        migrations.AddField(
            model_name="closing",
            name="opens",
            field=models.BooleanField(default=False),
        ),
    ]
