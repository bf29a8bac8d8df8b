"""Serving pages and running jobs."""

import signal

import click

from toubib.cli.context import migrated, settings_of
from toubib.serving import ServerOptions, serve_forever


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--files-port", default=8001, show_default=True, help="The second origin, from which documents are served.")
@click.option("--threads", default=64, show_default=True, help="At least twice the sockets that are open at once.")
@click.option("--jobs/--no-jobs", default=False, help="Run jobs in this process too.")
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, files_port: int, threads: int, *, jobs: bool) -> None:
    """Serve the pages (and with --jobs the background work)."""
    settings, safe = settings_of(ctx)
    serve_forever(settings, ServerOptions(host, port, files_port, threads, jobs), safe=safe)


@click.command()
@click.pass_context
def worker(ctx: click.Context) -> None:
    """Run background work until stopped; the job in hand is finished first."""
    toubib = migrated(ctx)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: toubib.jobs.stop())
    click.echo("working")
    toubib.jobs.serve()
