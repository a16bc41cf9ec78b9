"""The owner of the bench's tenants, and what the owner types."""

PASSWORD = "correct horse battery staple"  # noqa: S105  # Of no real account.


def sign_up_form(slug: str) -> dict[str, str]:
    """Return what the owner of an organisation types into the form."""
    return {
        "organization": slug,
        "subdomain": slug,
        "full_name": "Ada Owner",
        "email": f"ada@{slug}.test",
        "password": PASSWORD,
        "terms": "on",
    }
