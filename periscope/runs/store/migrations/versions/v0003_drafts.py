"""Drafts: the bundles that are being edited, with their files.

Written out, and not taken from tables.py: what a database of that release looks like must never change.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """From the tables before."""
    op.create_table(
        "drafts",
        sa.Column("strategy_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("based_on", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["strategy_id"], ["strategies.id"], name="fk_drafts_strategy_id"),
    )
    op.create_table(
        "draft_files",
        sa.Column("strategy_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["strategy_id"], ["drafts.strategy_id"], name="fk_draft_files_strategy_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_draft_files_content", "draft_files", ["content"])
    op.create_index("ix_versions_archive", "versions", ["archive"])
