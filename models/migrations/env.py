"""Alembic's entry point: runs on a connection handed over by `models.migrations.run`."""

from alembic import context

import models  # noqa: F401 - importing the package is what registers the tables
from models.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
