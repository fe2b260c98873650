"""The HTTP interface of ingest, in Dutch: one module per resource, each makes its own router."""
