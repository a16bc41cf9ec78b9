"""Tokens in links: only their hash is stored."""

import hashlib
import secrets


def new_token() -> str:
    """Return a token of 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return the stored form of a token. Tokens have 256 random bits: no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
