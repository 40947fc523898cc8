"""`huajian card`: a greeting card into a file."""

from pathlib import Path
from typing import Annotated

import typer

from generators.fonts.catalogue import load_catalogue
from generators.fonts.report import HOW_TO_FETCH
from generators.fonts.store import default_folder, read_receipt
from generators.specs import CardFormat, CardSpec, Direction, Language, Occasion, Style
from service.main.commands.files import choose_card_format, require_free, save
from service.main.commands.making import make_work, tell_seed
from service.main.commands.photos import read_photo
from service.main.commands.wishes import build_spec

app = typer.Typer(add_completion=False)
OPTIONS = {
    "recipient": "--to",
    "sender": "--from",
    "message": "--message",
    "qr_url": "--qr",
    "seed": "--seed",
    "scenes": "--scene",
    "format": "--format",
    "template": "--template",
}


@app.command()
def card(
    ctx: typer.Context,
    to: Annotated[str, typer.Option(help="Whom it is for.")],
    sender: Annotated[str, typer.Option("--from", help="Who sends it.")],
    occasion: Annotated[Occasion, typer.Option(metavar="OCCASION", help=f"One of {', '.join(Occasion)}.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The file: .png, .jpg, .webp, .mp4 or .html.")
    ],
    message: Annotated[str | None, typer.Option(help="Own words; left out, they are written.")] = None,
    style: Annotated[Style, typer.Option(help="What is painted behind the words.")] = Style.INK,
    language: Annotated[Language, typer.Option(help="Of the words.")] = Language.ZH,
    direction: Annotated[
        Direction | None, typer.Option(help="Of Chinese words; left out, the layout chooses.")
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(metavar="ID", help="One of `huajian templates list`; it decides the direction."),
    ] = None,
    photo: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JPEG, PNG or WebP photo to set in.")
    ] = None,
    qr: Annotated[str | None, typer.Option(metavar="URL", help="An https:// address as a QR code.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same card.")] = None,
    card_format: Annotated[
        CardFormat | None, typer.Option("--format", help="Left out, the file's name says it.")
    ] = None,
    scene: Annotated[
        list[str] | None, typer.Option(help="Three times: what is told before an .mp4 or .html card.")
    ] = None,
    music: Annotated[bool, typer.Option("--music", help="Give an .html card a music box.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Make a greeting card.

    It has 1080 x 1440 pixels, a moving one 720 x 960. The path is printed on stdout, the seed on stderr.
    """
    require_free(output, force=force)
    spec = build_spec(
        CardSpec,
        OPTIONS,
        recipient=to,
        sender=sender,
        occasion=occasion,
        message=message,
        style=style,
        language=language,
        direction=direction,
        template=template,
        qr_url=qr,
        seed=seed,
        format=choose_card_format(output, card_format),
        scenes=scene or None,
        music=music,
    )
    product = make_work(spec, producer=ctx.obj, photo=None if photo is None else read_photo(photo))
    save(output, product.files[0].content, force=force)
    typer.echo(output)
    tell_seed(product)
    _tell_missing_fonts()


def _tell_missing_fonts() -> None:
    """The data folder is looked for where one stands, so the fonts may lie in another one."""
    folder = default_folder()
    if any(read_receipt(folder, font.id) is None for font in load_catalogue().font):
        typer.echo(f"Fonts are missing from {folder}: {HOW_TO_FETCH}", err=True)
