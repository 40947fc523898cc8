"""Nobody is new twice: at most one help of a person counts as a new person's, by constraint.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Taps of one person that crossed, before the rule was decided in the database: the first one was new.
FIRST_ALONE = """
UPDATE helps SET is_new = false
WHERE is_new AND EXISTS (SELECT FROM helps e WHERE e.helper_id = helps.helper_id AND e.is_new AND e.id < helps.id)
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '4s'")
    op.execute(FIRST_ALONE)
    op.create_index("uq_helps_new", "helps", ["helper_id"], unique=True, postgresql_where="is_new")


def downgrade() -> None:
    op.drop_index("uq_helps_new", table_name="helps")
