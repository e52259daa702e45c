"""The board's own settings, and the choice of plugins, which is the one setting whose sources add up.

Every other key takes its strongest source. For plugins that would be a trap: ``PEGBOARD_PLUGINS=-gzip`` must switch one
plugin off, not throw away the list in the file. So a list is taken from the strongest source that lists names, and what
is blocked anywhere stays blocked. An empty variable says nothing: a deployment whose variable got lost must not come up
without its guards. A lone ``none`` in the environment is the way into a board that will not start, and
goes before lists given in code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec

from pegboard.settings.layers import Layer, environment_layer, fixed_layer
from pegboard.settings.loading import Loaded, loaded
from pegboard.settings.problems import Invalid, Origin, Path, Problem, dotted, suggest
from pegboard.settings.reading import DEFAULT, FAILED, Reading
from pegboard.settings.sources import Sources, env_name, env_word

__all__ = [
    "BOARD_KEYS",
    "BoardSettings",
    "PluginSelection",
    "ThreadSettings",
    "load_board",
    "parse_plugin_list",
    "select_plugins",
    "unknown_sections",
]


class ThreadSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many threads each kind of work may hold at a time."""

    endpoints: Annotated[
        int, msgspec.Meta(ge=1, description="Threads for synchronous endpoints, handlers and iterators.")
    ] = 40
    files: Annotated[int, msgspec.Meta(ge=1, description="Threads that open, read and write files.")] = 40
    background: Annotated[int, msgspec.Meta(ge=1, description="Threads for synchronous background tasks.")] = 10


class BoardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys at the top of pegboard.toml."""

    plugins: Annotated[
        tuple[str, ...] | None,
        msgspec.Meta(
            description="The plugins to use, by name or as module:attr; -name switches one off; none alone, all. "
            "Left out: every plugin that is installed."
        ),
    ] = None
    blocked: Annotated[tuple[str, ...], msgspec.Meta(description="Names of plugins that are never used.")] = ()
    autoload: Annotated[bool, msgspec.Meta(description="Use what is installed when plugins names nothing.")] = True
    order: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="Names of plugins from outside to inside; goes before their own wishes."),
    ] = ()
    debug: Annotated[
        bool, msgspec.Meta(description="Show errors to clients, watch for slow hooks. Never in service.")
    ] = False
    app: Annotated[str | None, msgspec.Meta(description="The application to serve, as module:attr.")] = None
    max_body_size: Annotated[
        int, msgspec.Meta(ge=1, description="The longest request body that is read, in bytes; a longer one gets 413.")
    ] = 10 * 1024 * 1024
    startup_timeout: Annotated[
        float, msgspec.Meta(gt=0, description="Seconds a plugin's start-up may take before it is named and stopped.")
    ] = 60.0
    threads: Annotated[
        ThreadSettings,
        msgspec.Meta(description="How many threads each kind of work may hold: endpoints, files and background."),
    ] = ThreadSettings()


BOARD_KEYS = BoardSettings.__struct_fields__
"""The words at the top of pegboard.toml that are no plugin's section; no plugin may be called so."""

_CHOICE_KEYS = ("plugins", "blocked")


class PluginSelection(msgspec.Struct, frozen=True):
    """Which plugins are wanted. ``listed`` is None where nobody lists any; ``blocked`` goes before it.

    ``bare`` is said by a lone ``none``: no plugins at all, those given in code included.
    """

    listed: tuple[str, ...] | None = None
    blocked: tuple[str, ...] = ()
    bare: bool = False


def parse_plugin_list(text: str) -> PluginSelection:
    """Read ``cors,-gzip`` or ``none``; empty text says nothing. Raises `Invalid` for what contradicts itself."""
    words = [word for word in map(str.strip, text.split(",")) if word]
    return select_plugins(words) if words else PluginSelection()


def select_plugins(entries: Iterable[str]) -> PluginSelection:
    """Tell listed from blocked entries (``-name``). Raises `Invalid` for what contradicts itself.

    Blocked entries alone list nothing: what is installed stays on but for them.
    """
    words = tuple(dict.fromkeys(entry.strip() for entry in entries))
    if words == ("none",):
        return PluginSelection(listed=(), bare=True)
    blocked = tuple(word[1:] for word in words if word.startswith("-"))
    listed = tuple(word for word in words if not word.startswith("-"))
    problems = [
        ("", f'"{name}" is both listed and switched off ("-{name}"); keep one') for name in blocked if name in listed
    ]
    if "none" in listed:
        problems.append(("", '"none" stands for no plugins at all and must stand alone'))
    if "" in words or "-" in words:
        problems.append(("", 'an entry has no name; write "name" to list a plugin, "-name" to switch it off'))
    if problems:
        raise Invalid(problems)
    return PluginSelection(None if blocked and not listed else listed, blocked)


def load_board(
    sources: Sources, keywords: Mapping[str, Any] | None = None, *, caller: str = "Pegboard()"
) -> tuple[Loaded[BoardSettings], PluginSelection]:
    """Read the board's settings, and which plugins are wanted.

    The ``plugins`` keyword may hold plugins themselves besides names; they count as a list, and the board keeps them.
    """
    keywords = dict(keywords or {})
    if isinstance(entries := keywords.get("plugins"), list | tuple):
        keywords["plugins"] = [entry for entry in entries if isinstance(entry, str)]
    elif entries is None:
        keywords.pop("plugins", None)
    layers, problems = _board_layers(sources, keywords, caller)
    reading = Reading("")
    reading.problems.extend(problems)
    selection, choice = _choose(reading, layers)
    others = [
        Layer({key: value for key, value in layer.values.items() if key not in _CHOICE_KEYS}, layer.origin)
        for layer in layers
    ]
    return loaded(reading, reading.struct(BoardSettings, [choice, *others])), selection


def unknown_sections(sources: Sources, known: Iterable[str]) -> list[Problem]:
    """Find top-level keys of the files, and variables, that belong neither to the board nor to a plugin.

    ``known`` names every plugin there is, those installed but off included: settings of a plugin that is off are fine.
    """
    sections = list(known)
    problems = [
        _unknown(str(file.origin((key,))), key, sections, is_section=isinstance(value, Mapping))
        for file in sources.files
        for key, value in file.data.items()
        if key not in BOARD_KEYS and key not in sections
    ]
    words = [env_word(section) for section in sections]
    for variable in sources.variables:
        word, *keys = variable.steps
        if word not in BOARD_KEYS and not (keys and word in words):
            problem = _unknown(f"environment {variable.name}", word, words, is_section=bool(keys))
            if not keys and (hint := _two_underscores(word, words)):
                problem = msgspec.structs.replace(problem, hint=hint)
            problems.append(problem)
    return problems


def _unknown(where: str, key: str, sections: list[str], *, is_section: bool) -> Problem:
    if not is_section:
        hint = suggest(key, BOARD_KEYS, what="board's settings")
        return Problem(where=where, key=dotted((key,)), message="unknown setting of the board", hint=hint)
    otherwise = f"install the plugin, or take the settings away; installed are: {', '.join(sorted(sections)) or 'none'}"
    hint = suggest(key, sections, otherwise=otherwise)
    return Problem(where=where, key=dotted((key,)), message="settings of a plugin that is not installed", hint=hint)


def _two_underscores(word: str, sections: list[str]) -> str:
    """Read ``cors_max_age`` as it was meant, if it begins with the name of a plugin."""
    plugin = next((section for section in sections if f"{word}_".startswith(f"{section}_")), None)
    if plugin is None:
        return ""
    meant = env_name(plugin, word[len(plugin) + 1 :] or "...")
    return f"a plugin's setting has two underscores after its name: {meant}"


def _board_layers(sources: Sources, keywords: Mapping[str, Any], caller: str) -> tuple[list[Layer], list[Problem]]:
    layers = [fixed_layer(keywords, Origin("keyword", f"keyword argument of {caller}"))]
    variables = [
        variable
        for variable in sources.variables
        if variable.steps[0] in BOARD_KEYS and (variable.steps != ("plugins",) or variable.text.strip(" ,"))
    ]
    from_environment, problems = environment_layer(BoardSettings, variables, "")
    layers.append(from_environment)
    for file in sources.files:
        values = {key: value for key, value in file.data.items() if key in BOARD_KEYS}
        layers.append(Layer(values, file.origin))
    return layers, problems


def _choose(reading: Reading, layers: list[Layer]) -> tuple[PluginSelection, Layer]:
    """Add up what the sources say about plugins; give the result also as a layer, with the place that decided."""
    listed: tuple[str, ...] | None = None
    blocked: dict[str, Origin] = {}
    bare = False
    origins: dict[Path, Origin] = {}
    for layer in layers:
        found = _selection(reading, layer)
        origin = layer.origin(("plugins",))
        is_way_in = found.bare and origin.kind == "environment"
        if found.listed is not None and (listed is None or is_way_in):
            listed, bare = found.listed, found.bare
            origins[("plugins",)] = origin
        for name in found.blocked:
            blocked.setdefault(name, origin)
        for name in _strings(reading, layer, "blocked"):
            blocked.setdefault(name, layer.origin(("blocked",)))
    values: dict[str, Any] = {} if listed is None else {"plugins": listed}
    if blocked:
        values["blocked"] = tuple(blocked)
        origins[("blocked",)] = next(iter(blocked.values()))
    choice = Layer(values, lambda path: origins.get(path, DEFAULT), trusted=True)
    return PluginSelection(listed, tuple(blocked), bare), choice


def _selection(reading: Reading, layer: Layer) -> PluginSelection:
    if "plugins" not in layer.values:
        return PluginSelection()
    try:
        return select_plugins(_strings(reading, layer, "plugins"))
    except Invalid as error:
        where = str(layer.origin(("plugins",)))
        reading.problems.extend(Problem(where=where, key="plugins", message=message) for _, message in error.problems)
        return PluginSelection()


def _strings(reading: Reading, layer: Layer, key: str) -> tuple[str, ...]:
    """Give one layer's list under a key; problems with it are noted whether or not a stronger source hides it."""
    if key not in layer.values:
        return ()
    words = reading.one(tuple[str, ...], layer, key)
    return () if words is FAILED else words
