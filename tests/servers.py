"""The servers that some tests start beside those of the run."""

import pytest

from dev.binaries import DEBIAN_15

needs_debian_15 = pytest.mark.skipif(
    not (DEBIAN_15 / "initdb").is_file(), reason="Debian's package postgresql-15 is not installed"
)
