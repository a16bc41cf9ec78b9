"""Stands for Django's manage.py: notes what it was asked."""

import os
import sys
from pathlib import Path

with Path("asked.log").open("a") as log:
    log.write(f"{sys.argv[1]} {os.environ['SAAS_ENV']}\n")
