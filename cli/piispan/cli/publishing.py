"""``piispan push``, ``piispan card`` and ``piispan metric``: what goes to the Hub, and what is checked before."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from piispan.runs import PushResult

__all__ = ["card_app", "data_push", "metric_app", "push"]

card_app = typer.Typer(no_args_is_help=True, help="Check a model card, write it anew, or show it.")
metric_app = typer.Typer(no_args_is_help=True, help="The metric as a Space for the Hub.")

Adapter = Annotated[Path, typer.Argument(help="Folder of an adapter.")]
To = Annotated[str, typer.Option("--to", help="owner/name on the Hub.")]
Public = Annotated[bool, typer.Option("--public", help="Everybody may read it. Without it the repository is private.")]
Tag = Annotated[str | None, typer.Option(help="Tag of this version. Default: v1, v2, ... as they come.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check all that can be checked without the Hub, list the files and their sizes, and send nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")]
BaseModel = Annotated[str | None, typer.Option(help="Hub id of the base, where the run could not know it: a local or embedded one.")]
BaseRevision = Annotated[str | None, typer.Option(help="Commit of the base on the Hub, 40 hex digits.")]
TrainingData = Annotated[
    Path | None, typer.Option("--data", help="The documents trained on, to be compared and never sent. Default: where the run found them.")
]


def push(
    adapter: Adapter,
    to: To,
    base_model: BaseModel = None,
    base_revision: BaseRevision = None,
    public: Public = False,
    merged: Annotated[bool, typer.Option("--merged", help="Publish the base with the adapter merged in instead: a whole model.")] = False,
    dataset: Annotated[str | None, typer.Option(help="Hub id of the data trained on, if it is there.")] = None,
    data: TrainingData = None,
    base: Annotated[str | None, typer.Option(help="Folder of the base, for --merged, when the adapter was trained on a local one.")] = None,
    tag: Tag = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Publish an adapter with its card on the Hub, all checked.

    It is private without --public, and made in one commit; the same again changes nothing.
    """
    from piispan.model_card import Target
    from piispan.runs import Publication, push_adapter

    said = Publication(repo_id=to, base_model=base_model, base_revision=base_revision, dataset=dataset, merged=merged, base=base)
    target = Target(repo_id=to, public=public, tag=tag)
    _say(push_adapter(adapter, target, publication=said, data=data, dry_run=dry_run), as_json)


@card_app.command()
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of an adapter, or a copy of its repository.")],
    base_model: BaseModel = None,
    base_revision: BaseRevision = None,
    data: TrainingData = None,
    as_json: Json = False,
) -> None:
    """Check that a card says what was measured; exit code 1 if not.

    Nothing in the folder may give anything away either: a token, a path, a text of the training.
    """
    from piispan.runs import Publication, check_card

    found = check_card(folder, publication=Publication(base_model=base_model, base_revision=base_revision), data=data)
    faults = [{"file": fault.file, "what": fault.what, "mend": fault.mend} for fault in found.faults]
    if as_json:
        typer.echo(json.dumps({"faults": faults, "training_text_compared": found.compared}))
    else:
        for fault in found.faults:
            typer.echo(str(fault))
        typer.echo(f"{folder}: {len(faults) or 'nothing'} found")
    if not found.compared:
        typer.echo("not compared with the training text: nothing says where it is; --data does", err=True)
    if faults:
        raise typer.Exit(1)


@card_app.command()
def write(adapter: Adapter) -> None:
    """Write the card anew from card_facts.json.

    What was added to it by hand is lost.
    """
    from piispan.runs import rewrite_card

    typer.echo(f"The card: {rewrite_card(adapter)}")


@card_app.command()
def page(
    adapter: Adapter,
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write the card as one page of HTML, to read or to print."""
    from piispan.cli.data import check_new
    from piispan.model_card import write_page

    check_new(out, force)
    typer.echo(f"The page: {write_page(adapter, out)}")


@metric_app.command(name="push")
def metric_push(to: To, public: Public = False, tag: Tag = None, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Publish the metric as a Space.

    It is a page to look at outputs, and evaluate.load("owner/name"), which works without piispan.
    """
    from piispan.model_card import Target
    from piispan.runs import push_metric

    _say(push_metric(Target(repo_id=to, repo_type="space", public=public, tag=tag), dry_run=dry_run), as_json)


@metric_app.command(name="export")
def metric_export(folder: Annotated[Path, typer.Argument(help="New folder to write.")], to: To = "you/pii_span") -> None:
    """Write that Space into a folder, to run there: python app.py."""
    from piispan.metric import export_space

    typer.echo(f"{export_space(folder, to)}: try it with python app.py")


def data_push(
    folder: Annotated[Path, typer.Argument(help="Data folder that export wrote.")],
    to: To,
    public: Public = False,
    i_may_publish_this_data: Annotated[
        bool, typer.Option("--i-may-publish-this-data", help="The documents are not synthetic, and may be published all the same.")
    ] = False,
    tag: Tag = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Publish a data folder on the Hub. Documents that the synthesis did not make are refused, unless you say that you may."""
    from piispan.model_card import Target
    from piispan.runs import push_data

    target = Target(repo_id=to, repo_type="dataset", public=public, tag=tag)
    _say(push_data(folder, target, may_publish=i_may_publish_this_data, dry_run=dry_run), as_json)


def _say(result: "PushResult", as_json: bool) -> None:
    pushed = result.pushed
    if as_json:
        done = None if pushed is None else {name: getattr(pushed, name) for name in ("url", "commit", "tag", "changed", "public", "opened")}
        typer.echo(json.dumps({"files": dict(result.sizes), "left_out": list(result.left_out), "pushed": done}))
        return
    if pushed is None:
        for name, size in result.sizes.items():
            typer.echo(f"{size:>14,}  {name}")
        typer.echo(f"{sum(result.sizes.values()):>14,}  bytes in {len(result.sizes)} files; nothing was sent")
        if result.left_out:
            typer.echo(f"left out: {', '.join(result.left_out)}")
        return
    seen = "public" if pushed.public else "private"
    if pushed.opened:
        typer.echo(f"made public: {pushed.url}")
    what = "pushed" if pushed.changed else "nothing to push: the same is there"
    typer.echo(f"{what}: {pushed.url} ({seen}), {pushed.tag}, commit {pushed.commit}")
