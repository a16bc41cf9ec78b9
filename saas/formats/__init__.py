"""Date formats of languages for which Django's own are not the usual ones."""
