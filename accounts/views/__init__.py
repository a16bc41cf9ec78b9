"""The people's pages: ways in, verification, and what each person keeps about themselves."""
