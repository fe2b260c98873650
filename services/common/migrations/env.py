"""Runs inside the transaction of `services.common.database.migrate`, on its connection."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema="common")
context.run_migrations()
