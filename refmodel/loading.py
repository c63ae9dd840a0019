"""A machine of one's own, from the file that makes it (docs/machines.md)."""

import inspect
import sys
import traceback
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from refmodel.migration import AnyMachine, Migration
from refmodel.unusable import Unusable, nearest

__all__ = ["blamed", "loaded"]

_FILES: dict[Path, str] = {}
"""Those that were loaded: as they were called."""


def loaded(name: str) -> type[AnyMachine]:
    """The machine ``FILE.py:NAME``; Unusable where there is no such file, or no machine under that name in it."""
    file, _, called = name.partition(":")
    path = Path(file)
    if path.suffix != ".py" or not path.is_file():
        raise Unusable("machine", f"no file {file!r}", "FILE.py:NAME")
    spec = spec_from_file_location(f"refmodel_machine_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module
    if (beside := str(path.parent.resolve())) not in sys.path:
        sys.path.append(beside)  # last, so that no file there hides a package
    _FILES[path.resolve()] = file
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise Unusable(file, f"{type(error).__name__}: {error}", "Python that can be imported") from None
    made = vars(module).get(called)
    if not (isinstance(made, type) and issubclass(made, Migration)):
        machines = [n for n, each in vars(module).items() if isinstance(each, type) and issubclass(each, Migration)]
        raise Unusable(file, f"no machine {called!r}", nearest(called, machines) if machines else "a machine")
    _need_usable(file, made)
    return made


def blamed(error: Exception) -> Unusable | None:
    """The error as one of a machine's own file, if one was loaded; with the line, where it came up there."""
    if not _FILES:
        return None
    where = ", ".join(_FILES.values())
    for frame in traceback.extract_tb(error.__traceback__):
        if (file := _FILES.get(Path(frame.filename).resolve())) is not None:
            where = f"{file}, line {frame.lineno}, in {frame.name}"
    return Unusable(where, f"{type(error).__name__}: {error}", "steps that return states, and claims that return truth")


def _need_usable(file: str, made: type[AnyMachine]) -> None:
    """Unusable where a step or a claim cannot be called as it is declared: by states, and a value of each sort."""
    spec = made()
    for kind in ("steps", "claims"):
        try:
            declared = getattr(spec, kind)
        except (KeyError, NameError, TypeError) as error:
            raise Unusable(
                file, f"no sort is known for {error} of the {kind}", "each annotated, as page: Pfn"
            ) from None
        for name, each in declared.items():
            given = (1 + getattr(each, "of_steps", False)) * ("state",) + tuple(what for what, _ in each.parameters)
            try:
                inspect.signature(getattr(spec, name)).bind(*given)
            except TypeError as error:
                raise Unusable(file, f"{name}: {error}", f"a function of {', '.join(given)}") from None
