"""The pure rules of ingest: how a message is read, what the gate lets through, what a person is known by."""
