"""A certified file is known by its manifest too, when something else in it was changed.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INDEX = "ix_work_exports_manifest_sha256"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.create_index(
        INDEX, "work_exports", ["manifest_sha256"], postgresql_where=sa.text("manifest_sha256 IS NOT NULL")
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.drop_index(INDEX, table_name="work_exports")
