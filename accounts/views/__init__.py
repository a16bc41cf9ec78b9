"""The users' pages: sign-in, verification, and each user's own data."""
