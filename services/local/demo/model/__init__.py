"""The reference: what must come out of the hub when these actions go in, restated in its own short words.

It imports nothing of the services, works on plain names and addresses (the hub never does), and looks back
over the whole two months at once instead of event by event. import-linter keeps it apart.
"""
