"""The database backend: every statement carries its tenant, and none goes without one.

Context (the search path) is local to a transaction: it is sent in front of a transaction's
first statement, or of a statement outside any, in the same message. Nothing stays on the
connection, so a pooled connection is always bare.
"""
