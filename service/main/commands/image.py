"""`huajian image`: a picture into a file."""

from pathlib import Path
from typing import Annotated

import typer

from generators.specs import ImageSpec, PictureFormat, Style
from service.main.commands.files import choose_format, require_free, save
from service.main.commands.making import make_work, tell_seed
from service.main.commands.wishes import build_spec

app = typer.Typer(add_completion=False)
OPTIONS = {"prompt": "PROMPT", "width_px": "--width", "height_px": "--height", "seed": "--seed"}


@app.command()
def image(
    ctx: typer.Context,
    prompt: Annotated[str, typer.Argument(help="What to paint.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file: .png, .jpg or .webp.")],
    width: Annotated[int, typer.Option(help="In pixels: 256 to 2048, a multiple of 8.")] = 1024,
    height: Annotated[int, typer.Option(help="In pixels: 256 to 2048, a multiple of 8.")] = 1024,
    style: Annotated[Style | None, typer.Option(help="Left out, the prompt decides.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same picture.")] = None,
    picture_format: Annotated[
        PictureFormat | None, typer.Option("--format", help="Left out, the file's name says it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Paint a picture.

    The path is printed on stdout, the seed on stderr.
    """
    require_free(output, force=force)
    spec = build_spec(
        ImageSpec,
        OPTIONS,
        prompt=prompt,
        width_px=width,
        height_px=height,
        style=style,
        seed=seed,
        format=choose_format(output, picture_format),
    )
    product = make_work(spec, producer=ctx.obj)
    save(output, product.files[0].content, force=force)
    typer.echo(output)
    tell_seed(product)
