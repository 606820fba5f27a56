"""Alembic's way in: runs the steps on the connection that `schema.migrate` hands it."""

from alembic import context

from archive.index.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
