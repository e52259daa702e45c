"""Finding plugins: those that are installed, and those that are given.

Our own loop over the entry points, because one broken plugin must neither hide the others nor go unnamed: every
failure is kept with distribution, version and cause. What is switched off is not imported.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pegboard.references import import_place, name_of, nameless, reference_to, resolve
from pegboard.settings import NOWHERE, Origin, PluginSelection, suggest
from pegboard.versions import fit, requirement_on

__all__ = ["GROUP", "Discovery", "Found", "Off", "discover"]

GROUP = "pegboard.plugins"
"""The entry-point group that plugins are announced in."""


@dataclass(frozen=True, slots=True)
class Found:
    """A plugin that is on: the object, where it comes from, and why it is on."""

    name: str
    plugin: Any
    source: str
    version: str
    why: str

    @property
    def described(self) -> str:
        """How messages name it: ``plugin 'cors' (pegboard-cors 0.1.0)``."""
        return f"plugin {self.name!r} ({' '.join(filter(None, (self.source, self.version)))})"


@dataclass(frozen=True, slots=True)
class Off:
    """A plugin that is installed or named, and not used."""

    name: str
    source: str
    version: str
    why: str


@dataclass(slots=True)
class Discovery:
    """What was found, what is off, and what went wrong."""

    found: list[Found] = field(default_factory=list)
    off: list[Off] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """The names of all plugins that are installed, listed or given, whatever became of them."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry point and the distribution that announces it."""

    entry: EntryPoint
    source: str
    version: str
    range: str | None


def discover(
    selection: PluginSelection,
    given: Sequence[Any],
    autoload: bool,
    core_version: str,
    listed_by: Origin = NOWHERE,
    blocked_by: Origin = NOWHERE,
) -> Discovery:
    """Find the plugins that are wanted.

    ``given`` holds plugins as objects, classes, names or ``"module:attr"``; they come on top of what is listed, or of
    what is installed where nothing is listed. ``listed_by`` and ``blocked_by`` are the places of the two lists.
    """
    result, listed = Discovery(), f"listed in plugins{listed_by.aside}"
    installed = _installed()
    result.known = {*installed, *(name for name in map(name_of, given) if isinstance(name, str))}
    for candidates in installed.values():
        _judge(result, candidates, selection, autoload, core_version)
    for entry in () if selection.bare else selection.listed or ():
        if ":" in entry:
            _add_reference(result, entry, selection, listed)
        elif entry not in installed and not any(name_of(plugin) == entry for plugin in given):
            result.problems.append(_unknown(entry, installed, listed))
    for plugin in given:
        if isinstance(plugin, str):
            _add_text(result, plugin, selection, installed, core_version)
        else:
            _add_given(result, plugin, selection, installed)
    for name in selection.blocked:
        if name not in installed and not any(name in (off.name, off.source) for off in result.off):
            result.warnings.append(
                f"plugin {name!r} is switched off{blocked_by.aside}, but no plugin of that name is "
                f"installed or given; {suggest(name, result.known, otherwise='take it away')}"
            )
    _refuse_doubles(result)
    result.known.update(found.name for found in result.found)
    return result


def _installed() -> dict[str, list[_Candidate]]:
    """The announced plugins by name; several of one name are kept, to be refused if they are wanted."""
    installed: dict[str, list[_Candidate]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        dist = entry.dist
        candidate = _Candidate(
            entry,
            dist.name if dist is not None else entry.value,
            dist.version if dist is not None else "",
            requirement_on(dist.requires or ()) if dist is not None else None,
        )
        others = installed.setdefault(entry.name, [])
        if not any((other.source, other.entry.value) == (candidate.source, entry.value) for other in others):
            others.append(candidate)
    return installed


def _judge(
    result: Discovery,
    candidates: Sequence[_Candidate],
    selection: PluginSelection,
    autoload: bool,
    core_version: str,
) -> None:
    """Load the plugin of one name if it is wanted, or say why it is off."""
    name = candidates[0].entry.name
    why_off = _why_off(name, selection, autoload)
    if why_off is not None:
        result.off.extend(Off(name, candidate.source, candidate.version, why_off) for candidate in candidates)
        return
    why = "listed in plugins" if selection.listed is not None else "installed"
    _load_only(result, candidates, why, core_version)


def _load_only(result: Discovery, candidates: Sequence[_Candidate], why: str, core_version: str) -> None:
    """Load the one plugin of a name; several are refused."""
    name = candidates[0].entry.name
    if len(candidates) > 1:
        sources = " and ".join(f"{each.source} {each.version} ({each.entry.value})" for each in candidates)
        result.problems.append(
            f"two plugins are called {name!r}: {sources}; "
            f"uninstall one, or switch both off with PEGBOARD_PLUGINS=-{name}"
        )
        return
    candidate = candidates[0]
    found = Found(name, None, candidate.source, candidate.version, why)
    if _fits(result, found, candidate, core_version):
        _load(result, found, candidate.entry.value)


def _why_off(name: str, selection: PluginSelection, autoload: bool) -> str | None:
    if selection.bare:
        return "plugins is `none`"
    if name in selection.blocked:
        return f"switched off by -{name}"
    if selection.listed is not None:
        return None if name in selection.listed else "not listed in plugins"
    return None if autoload else "autoload is off"


def _fits(result: Discovery, found: Found, candidate: _Candidate, core_version: str) -> bool:
    """Whether this core is new enough for the plugin; one that is newer than the plugin knows is a warning."""
    verdict = fit(core_version, candidate.range) if candidate.range else "fits"
    text = f"{found.described} requires pegboard{candidate.range}, and this is pegboard {core_version}"
    if verdict in ("too old", "excluded"):
        result.problems.append(f"{text}; upgrade pegboard, or install another version of {candidate.source}")
        return False
    if verdict != "fits":
        result.warnings.append(f"{text}: it was not made for this version; look for a newer {candidate.source}")
    return True


def _load(result: Discovery, found: Found, reference: str) -> None:
    try:
        target = resolve(reference)
        plugin = target() if inspect.isclass(target) else target
    except Exception as error:
        result.problems.append(
            f"{found.described} cannot be loaded from {reference!r}: {type(error).__name__}: {error}"
            f"{import_place(error)}; mend it, or start without it: PEGBOARD_PLUGINS=-{found.name}"
        )
        return
    name = name_of(plugin)
    if name != found.name:
        result.problems.append(
            f"{found.described} is announced as {found.name!r} but calls itself {name!r}; "
            "use one word for the entry point and the attribute `name`"
        )
        return
    result.found.append(Found(name, plugin, found.source, found.version, found.why))


def _add_text(
    result: Discovery,
    name: str,
    selection: PluginSelection,
    installed: dict[str, list[_Candidate]],
    core_version: str,
) -> None:
    """Add a plugin by its name or as ``module:attr``, on top of what is wanted anyway."""
    if ":" in name:
        _add_reference(result, name, selection, "given in code")
        return
    if any(found.name == name for found in result.found):
        return
    if name not in installed:
        result.problems.append(_unknown(name, installed, "given in code"))
    elif (why_off := _why_barred(selection, name)) is not None:
        if not any(off.name == name for off in result.off):
            result.off += [Off(name, each.source, each.version, why_off) for each in installed[name]]
    elif any(off.name == name for off in result.off):
        # What is neither off nor found could not be loaded, and is told as a problem already.
        result.off = [off for off in result.off if off.name != name]
        _load_only(result, installed[name], "given in code", core_version)


def _add_reference(result: Discovery, reference: str, selection: PluginSelection, why: str) -> None:
    """Add a plugin given as ``module:attr``; its name, by which it may be switched off, is known once it is loaded."""
    if (why_off := _why_barred(selection, reference)) is not None:
        result.off.append(Off(reference, reference, "", why_off))
        return
    try:
        target = resolve(reference)
        plugin = target() if inspect.isclass(target) else target
    except Exception as error:
        result.problems.append(
            f"plugin {reference!r}, {why}, cannot be loaded: {type(error).__name__}: {error}{import_place(error)}; "
            f"mend it, or start without it: PEGBOARD_PLUGINS=-{reference}"
        )
        return
    name = name_of(plugin)
    if not isinstance(name, str):
        result.problems.append(f"{reference!r}, {why}, {nameless(name)}, so it is not a plugin")
        return
    result.known.add(name)
    if (why_off := _why_barred(selection, name)) is not None:
        result.off = [off for off in result.off if off.name != name]
        result.off.append(Off(name, reference, "", why_off))
        return
    result.found.append(Found(name, plugin, reference, "", why))


def _why_barred(selection: PluginSelection, *names: str) -> str | None:
    """Why a plugin that code asks for is off all the same, under any of the names it may be switched off by."""
    if selection.bare:
        return "plugins is `none`"
    return next((f"switched off by -{name}" for name in names if name in selection.blocked), None)


def _add_given(
    result: Discovery, target: Any, selection: PluginSelection, installed: dict[str, list[_Candidate]]
) -> None:
    name = name_of(target)
    if not isinstance(name, str) or not name:
        result.problems.append(
            f"what is given in plugins, a {type(target).__name__}, {nameless(name)}; "
            "expected a plugin, a plugin class, a name or 'module:attr'"
        )
        return
    reference = reference_to(target)
    announced = next((each for each in installed.get(name, ()) if each.entry.value == reference), None)
    source, version = (announced.source, announced.version) if announced else (reference, "")
    why_off = _why_barred(selection, name, reference)
    result.off = [off for off in result.off if not (off.name == name and off.why == "not listed in plugins")]
    if why_off is not None:
        result.off.append(Off(name, source, version, why_off))
        return
    try:
        plugin = target() if inspect.isclass(target) else target
    except Exception as error:
        result.problems.append(f"plugin {name!r} ({source}) cannot be made: {type(error).__name__}: {error}")
        return
    result.found.append(Found(name, plugin, source, version, "given in code"))


def _refuse_doubles(result: Discovery) -> None:
    seen: dict[str, Found] = {}
    for found in result.found:
        first = seen.setdefault(found.name, found)
        if first is not found:
            result.problems.append(
                f"two plugins are called {found.name!r}: one {first.why} ({first.source}), "
                f"one {found.why} ({found.source}); keep one of them"
            )


def _unknown(name: str, installed: Iterable[str], why: str) -> str:
    otherwise = f"install it, or take it off the list; installed are: {', '.join(sorted(installed)) or 'none'}"
    return f"plugin {name!r} is {why} but not installed; {suggest(name, installed, otherwise=otherwise)}"
