"""The option by which commands are told of a world: the one that ships, or any other folder of that kind."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorldOption = Annotated[
    Path,
    typer.Option("--world", metavar="DIR", help="Folder of a world: any with the files of voice_home.", show_default="the one that ships"),
]
