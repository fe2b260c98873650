"""The one Alembic history of the hub's database; run by `services.common.database.migrate`.

A chain with one file per owner: 0001_common, 0002_ingest, 0003_feedback, 0004_notifier. Each service has a
PostgreSQL schema of its own name. A released file is never changed; what comes later is the next number.
"""
