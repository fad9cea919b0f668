from django.db import migrations

# The index is filled after the migration, by commitments.apps.prepare_database.
SQLITE = [
    "CREATE VIRTUAL TABLE commitments_search USING fts5(now, past, digest UNINDEXED, "
    "tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3')",
]
POSTGRESQL = [
    "CREATE TABLE commitments_search (commitment_id bigint PRIMARY KEY, "
    "now tsvector NOT NULL, past tsvector NOT NULL, digest text NOT NULL)",
    "CREATE INDEX commitments_search_now ON commitments_search USING gin (now)",
    "CREATE INDEX commitments_search_past ON commitments_search USING gin (past)",
]


def create(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if on_postgresql else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE commitments_search")


class Migration(migrations.Migration):
    dependencies = [("commitments", "0011_desk_digest")]
    operations = [migrations.RunPython(create, drop)]
