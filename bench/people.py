"""Who the bench's tenants belong to, and what they type."""

PASSWORD = "correct horse battery staple"  # noqa: S105  # Nobody's.


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
