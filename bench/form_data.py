"""The sign-up form of the owner of a tenant, filled in."""

PASSWORD = "correct horse battery staple"  # noqa: S105  # Of no real account.


def sign_up_form(slug: str) -> dict[str, str]:
    """Return the fields of the form of one organisation."""
    return {
        "organization": slug,
        "subdomain": slug,
        "full_name": "Ada Owner",
        "email": f"ada@{slug}.test",
        "password": PASSWORD,
        "terms": "on",
    }
