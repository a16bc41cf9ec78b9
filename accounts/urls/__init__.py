"""The users' pages: `entrance` and `instead` sign users in, `own` is their self-service."""
