"""The database backend: every statement is sent with its tenant's context, or refused.

The context (the search path and the role) is local to a transaction: it is sent in front of a
transaction's first statement, or of a statement outside any, in the same message. Nothing stays on
the connection, so a pooled connection never carries a context.
"""
