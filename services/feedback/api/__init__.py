"""The HTTP interface of feedback: the worklist of municipalities, and what creditors may read."""
