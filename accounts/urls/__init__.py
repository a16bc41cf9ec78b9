"""The people's pages: `entrance` leads in, `own` is each person's self-service."""
