"""Fetches the interface kit and its icons at pinned versions, and keeps only the files we serve.

Run by `make vendor`. The kept files are committed, so no other command needs npm or a network.
"""

import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STYLES = ROOT / "saas/static/vendor/tabler"
ICONS = ROOT / "saas/templates/icons"

# A package is refused when its archive is not the one these sums were taken of.
KIT = (
    "@tabler/core@1.6.1",
    "sha512-lgmR9gcxRp5JlLxcmRi9Rz85JrEvH6Bz71KnlcPVSa97wtwQNjgSs3g3fxwbAlulHyRMghhIV04QUuW3pqDsIg==",
)
ICON_SET = (
    "@tabler/icons@3.51.0",
    "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
)

ICON_NAMES = """
    alert-triangle arrow-right at building-community check chevron-down circle-check clock database
    device-desktop devices door dots eye eye-off history home info-circle key layout-dashboard lock
    logout mail mail-opened menu-2 moon palette pencil plus search send settings shield-check sun
    trash user user-plus users world x
"""

SOURCE_MAP = re.compile(r"\n?/\*# sourceMappingURL=.*?\*/\s*$")
OPENING_TAG = re.compile(r"<svg[^>]*>")
NO_OP_PATH = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" />')
OUR_TAG = (
    '<svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"'
    ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"'
    ' aria-hidden="true" focusable="false">'
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        kit = unpack(KIT, Path(folder) / "kit")
        icons = unpack(ICON_SET, Path(folder) / "icons")
        # The map that the last line names is not kept: hashed static files would look for it.
        css = (kit / "dist/css/tabler.min.css").read_text()
        STYLES.mkdir(parents=True, exist_ok=True)
        (STYLES / "tabler.min.css").write_text(SOURCE_MAP.sub("\n", css))
        # This package names its licence (MIT) without the text, so the text is kept by hand.
        if not (STYLES / "LICENSE").exists():
            sys.exit(f"{STYLES}/LICENSE is missing: take it from the kit's repository.")
        ICONS.mkdir(parents=True, exist_ok=True)
        for name in ICON_NAMES.split():
            drawing = (icons / f"icons/outline/{name}.svg").read_text()
            (ICONS / f"{name}.svg").write_text(slim(drawing))
        shutil.copyfile(icons / "LICENSE", ICONS / "LICENSE")


def unpack(package: tuple[str, str], folder: Path) -> Path:
    """Return the folder of the unpacked package; exits when its sum is not the pinned one."""
    name, integrity = package
    folder.mkdir()
    subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True)
    archive = next(folder.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        sys.exit(f"{name} is not the archive that was pinned: sha512-{digest}")
    with tarfile.open(archive) as contents:
        contents.extractall(folder, filter="data")
    return folder / "package"


def slim(drawing: str) -> str:
    """Return the drawing on one line, with our opening tag."""
    drawing = NO_OP_PATH.sub("", OPENING_TAG.sub(OUR_TAG, drawing, count=1))
    return "".join(line.strip() for line in drawing.splitlines())


if __name__ == "__main__":
    main()
