"""The ``piispan`` command: one Typer app whose every command calls one public function."""
