"""The database role of background work."""

from tenancy.roles import DatabaseRole

# Claims and updates messages of all tenants; a delivery itself runs in its tenant's role.
RELAY = DatabaseRole("relay", runs_tasks=True)
