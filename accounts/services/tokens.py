"""Tokens that travel in links: only their hash is kept."""

import hashlib
import secrets


def new_token() -> str:
    """Return a token of 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """Return what of a token is kept. Tokens have 256 random bits: no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
