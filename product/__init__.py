"""The product on top of the service. Releases of the service change nothing below this folder."""
