"""The tables as this release uses them. A change here needs a migration; a test compares the two.

Times are microseconds since 1970-01-01 UTC by the machine's clock. Texts have no length limit in either database.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from periscope.runs.store.columns import ExactDecimal, JsonText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

strategies = Table(
    "strategies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # A number that was given once is never given again.
)

versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("strategy_id", ForeignKey("strategies.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("archive", Text, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("warnings", JsonText, nullable=False),
    UniqueConstraint("strategy_id", "number"),
    UniqueConstraint("strategy_id", "hash"),
    Index(None, "archive"),
    sqlite_autoincrement=True,  # A number that was given once is never given again.
)
"""`hash` is that of the bundle's contents, `archive` the name of the file that holds them."""

drafts = Table(
    "drafts",
    metadata,
    Column("strategy_id", ForeignKey("strategies.id"), primary_key=True, autoincrement=False),
    Column("based_on", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""`based_on` is the version that the draft was started from, or was last published as."""

draft_files = Table(
    "draft_files",
    metadata,
    Column("strategy_id", ForeignKey("drafts.strategy_id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "content"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version_id", ForeignKey("versions.id"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("config", JsonText, nullable=False),
    Column("status", Text, nullable=False),
    Column("copied_from", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("queued_at", BigInteger),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("asked", Text),
    Column("reason", Text),
    Column("attempt", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("process", Text),
    Column("beat", BigInteger, nullable=False),
    Column("reading", JsonText),
    Column("summary", JsonText),
    Column("final_value", ExactDecimal),
    Column("net_trading_cash", ExactDecimal),
    Index(None, "status"),
    Index(None, "version_id"),
    sqlite_autoincrement=True,  # A number that was given once is never given again.
)
"""`attempt` numbers the processes that were to run it: only the newest may write. `lost` counts those that vanished.

`asked` is what the operator wants of an active run (`stop` or `kill`), `reading` its latest progress, `beat` how often
its process gave a sign of life. `summary` is the result without its lists."""

run_files = Table(
    "run_files",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index(None, "content"),
)

run_issues = Table(
    "run_issues",
    metadata,
    Column("run_id", ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("issue", JsonText, nullable=False),
    Index(None, "code"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text),
    Column("token", BigInteger, nullable=False),
    Column("beat", BigInteger, nullable=False),
)
"""Who may act: `token` rises with every holder, `beat` with every sign of life."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("scope", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("used_on", BigInteger),
    sqlite_autoincrement=True,  # A number that was given once is never given again.
)
"""Who may use the API. `hash` is the SHA-256 of the secret, `used_on` the last day of use in days since 1970-01-01."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("caller", Integer, primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("status", Integer),
    Column("headers", JsonText),
    Column("body", LargeBinary),
    Index(None, "begun_at"),
)
"""Answers of the API by `Idempotency-Key`. `request` is a hash of what was asked, `process` who works on it or did.

`caller` is the number of the token, 0 for none. There is no `status` while the request is worked on.
"""
