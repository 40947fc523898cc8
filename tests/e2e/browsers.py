"""The browser that page tests drive."""

import os
import shutil

# The same engine without a desktop application around it, which takes a quarter of the processor time;
# where it cannot be had, the application.
CHROMIUM = (
    os.environ.get("HUAJIAN_TEST_CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
    or shutil.which("google-chrome-stable")
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
