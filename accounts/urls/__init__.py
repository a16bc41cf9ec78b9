"""The people's pages: `entrance` and `instead` lead in, `own` is each person's self-service."""
