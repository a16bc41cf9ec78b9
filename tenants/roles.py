"""The database roles of sign-up and of operators."""

from tenancy.roles import DatabaseRole

# Opens organisations: the only role of a request that may create a schema.
SIGNUP = DatabaseRole("signup", serves_requests=True, creates_schemas=True)
# Operates the service, in the shared tables.
OPERATOR = DatabaseRole("operator", operates=True)
