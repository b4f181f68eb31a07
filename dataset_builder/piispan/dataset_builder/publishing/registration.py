"""Experimental: ``load_dataset("piispan", "tagged", data_files=…)``, as if the builder came with ``datasets``.

``datasets`` has no public way to add a builder, so this changes private names of it, in this process and on request only.
"""

from functools import wraps
from typing import Any

from piispan.core import DataError, PiispanError

__all__ = ["RegistrationError", "register"]

_NAME = "piispan"
_TESTED = ">=4.7,<5.3"


class RegistrationError(PiispanError, RuntimeError):
    """A release of ``datasets`` that a builder cannot be added to."""


def register() -> None:
    """Add ``PiispanBuilder`` to the builders that ``load_dataset`` knows by name; a second call changes nothing.

    Afterwards ``load_dataset("piispan", config, data_files=…)`` takes every field of ``PiispanConfig`` as an option. A folder named
    ``piispan`` in the working directory can then be opened as ``./piispan`` only.

    Raises:
        RegistrationError: If this release of ``datasets`` was not tested, or lacks one of the names.
    """
    import datasets
    from packaging.specifiers import SpecifierSet

    from piispan.dataset_builder.publishing.builder import PiispanBuilder
    from piispan.dataset_builder.publishing.source_hash import source_hash

    if not SpecifierSet(_TESTED).contains(datasets.__version__):
        raise _refusal(datasets.__version__)
    try:
        from datasets import load, packaged_modules

        packaged = packaged_modules._PACKAGED_DATASETS_MODULES
        factory = load.PackagedDatasetModuleFactory
        get_module = factory.get_module
    except (ImportError, AttributeError):
        raise _refusal(datasets.__version__) from None
    if _NAME in packaged:
        return

    # With no data files datasets takes every file of the working directory, before the builder is asked.
    @wraps(get_module)
    def with_data_files(self: Any) -> Any:
        if self.name == _NAME and not self.data_files and not self.data_dir:
            raise DataError('data_files: load_dataset("piispan", …) needs the files to read, such as data_files="notes/*.jsonl"')
        return get_module(self)

    factory.get_module = with_data_files
    packaged[_NAME] = (PiispanBuilder.__module__, source_hash())


def _refusal(version: str) -> RegistrationError:
    return RegistrationError(
        f"register() was tested with datasets {_TESTED}, this is {version}; use PiispanBuilder(config_name=…, data_files=…), or write a "
        "data folder with export_folder or 'piispan data export', which load_dataset opens with any release"
    )
