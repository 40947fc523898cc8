"""`huajian lyrics`: words for a song, to the terminal or into a file."""

from pathlib import Path
from typing import Annotated

import typer

from generators.specs import Language, LyricsSpec, Mood, Section
from service.main.commands.files import print_text, require_free, save
from service.main.commands.making import make_work, tell_seed
from service.main.commands.wishes import build_spec

app = typer.Typer(add_completion=False)
OPTIONS = {
    "theme": "THEME",
    "rhyme": "--rhyme",
    "sections": "--section",
    "words": "--word",
    "seed": "--seed",
}


@app.command()
def lyrics(
    ctx: typer.Context,
    theme: Annotated[str, typer.Argument(help="What it is about.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; left out, they are printed.")
    ] = None,
    mood: Annotated[Mood, typer.Option(metavar="MOOD", help=f"One of {', '.join(Mood)}.")] = Mood.TENDER,
    language: Annotated[Language, typer.Option(help="Of the words.")] = Language.ZH,
    rhyme: Annotated[str, typer.Option(help="One letter a line; equal letters rhyme, X is free.")] = "AABA",
    section: Annotated[
        list[Section] | None,
        typer.Option(help="Again for each section; left out: verse, chorus, verse, chorus."),
    ] = None,
    word: Annotated[
        list[str] | None, typer.Option(help="A name or word to weave in; up to five times.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed writes the same lyrics.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write lyrics.

    The rhyme scheme is checked. The seed is printed on stderr.
    """
    if output is not None:
        require_free(output, force=force)
    spec = build_spec(
        LyricsSpec,
        OPTIONS,
        theme=theme,
        mood=mood,
        language=language,
        rhyme=rhyme,
        sections=section or None,
        words=word or None,
        seed=seed,
    )
    product = make_work(spec, producer=ctx.obj)
    if output is None:
        print_text(product.text or "")
    else:
        save(output, product.files[0].content, force=force)
        typer.echo(output)
    tell_seed(product)
