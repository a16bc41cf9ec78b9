"""QuerySets of the directory."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet

if TYPE_CHECKING:
    from tenants.directory.models import DirectoryEntry


class DirectoryQuerySet(QuerySet["DirectoryEntry"]):
    """Which addresses have an account in which schema."""

    def schemas_of(self, address_hash: str) -> "QuerySet[DirectoryEntry, str]":
        """Return the schemas in which an address signs in, for use as a subquery.

        Evaluated alone, an empty list would save a query: response times would reveal addresses.
        """
        return self.filter(address_hash=address_hash).values_list("schema_name", flat=True)
