"""Stands for Django's manage.py: notes what it was asked, and takes its time where it is told."""

import os
import sys
import time
from pathlib import Path

with Path("asked.log").open("a") as log:
    log.write(f"{sys.argv[1]} {os.environ['SAAS_ENV']}\n")
while Path("slow").exists():
    time.sleep(0.05)
