"""Choosing photos on the page, as tests tell it."""

from pathlib import Path

from playwright.async_api import Locator, Page

from tests.factories.photos import encoded, picture


async def choose_photo(page: Page, content: bytes | None = None, *, kind: str = "image/jpeg") -> None:
    """Take a file from the person's own device."""
    body = encoded(picture()) if content is None else content
    await page.set_input_files("#card-photo", {"name": "photo.jpg", "mimeType": kind, "buffer": body})


async def choose_file(page: Page, path: Path) -> None:
    """Take a file from the disk, as large as it may be: its content need not be told to the browser."""
    await page.set_input_files("#card-photo", path)


def shown(page: Page) -> Locator:
    return page.locator(".photo-shown")


def refusal(page: Page) -> Locator:
    """What the page says is wrong with a photo."""
    return page.locator(".photo .refusal")


def remove_button(page: Page) -> Locator:
    """There once a photo is in its place."""
    return page.locator(".photo-drop")
