"""The market's group of a source category, by a mapping that users can extend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from retailsim.events.toml_text import parse_toml
from retailsim.events.whole_file import read_bounded
from retailsim.market.catalogue.product import CATEGORIES, Category
from retailsim.market.errors import BadCategories

TAXONOMY_NUMBER = "Google taxonomy"
"""Begins the name of a category that a feed gives by its number in Google's taxonomy."""
_WORDS = re.compile(r"[\W_]+")
_BY_NAME: dict[object, Category] = {category: category for category in CATEGORIES}


class CategoryMap:
    """Source category to group; names are compared by their words only.

    Parameters
    ----------
    groups : mapping of str to Category or None
        Group by category name, or by a path of names joined by ``" > "``; None for what the
        market does not sell.
    words : mapping of str to Category or None
        Group by a word that a name holds, for names that `groups` lacks.
    rest : Category or None
        The group of what neither names; None: such products are skipped.
    """

    def __init__(
        self,
        groups: Mapping[str, Category | None],
        words: Mapping[str, Category | None] | None = None,
        rest: Category | None = None,
    ) -> None:
        self._groups = {_key(name): group for name, group in groups.items()}
        self._words = dict(words or {})
        self.rest = rest

    def merged(self, over: CategoryMap) -> CategoryMap:
        """Return a mapping in which the entries of `over` win."""
        return CategoryMap(self._groups | over._groups, self._words | over._words)

    def with_rest(self, rest: Category | None) -> CategoryMap:
        """Return the mapping with a group for what it does not name."""
        return CategoryMap(self._groups, self._words, rest)

    def group(self, names: Sequence[str]) -> Category | None:
        """Return the group of the first of `names` that the mapping holds.

        Returns
        -------
        Category or None
            None where the market does not sell the category.

        Raises
        ------
        KeyError
            If the mapping holds none of the names.
        """
        keys = [_key(name) for name in names]
        for key in keys:
            if key in self._groups:
                return self._groups[key]
        for key in keys:
            for level in reversed(key.split(">")):
                word = self._word_in(level)
                if word is not None:
                    return self._words[word]
        raise KeyError(*names)

    def _word_in(self, level: str) -> str | None:
        """Return the last known word of a name, for that is what it names: coffee tables."""
        for word in reversed(level.split()):
            forms = (word, word.removesuffix("s"), word.removesuffix("es"), _singular(word))
            found = next((form for form in forms if form in self._words), None)
            if found is not None:
                return found
        return None


@cache
def builtin_categories() -> CategoryMap:
    """Return the mapping that comes with the package; its file is read once in a process."""
    return _read(Path(str(files("retailsim.market.data") / "categories.toml")))


def read_categories(path: Path) -> CategoryMap:
    """Return the package's mapping with the entries of a user's file over it.

    Parameters
    ----------
    path : Path
        A TOML file with a table ``[categories]`` of names to groups, and perhaps one of ``[words]``
        that names may hold, and of ``[google]`` with lists of numbers by group.

    Raises
    ------
    BadCategories
        If the file cannot be read, is no TOML, or names a group that does not exist.
    """
    return builtin_categories().merged(_read(path))


def candidates(path: Sequence[str], main_category: str = "", dataset: str = "") -> tuple[str, ...]:
    """List the names to look a product up by, the most telling first.

    Those are the path's branches from the longest to those of two levels, the department
    (`main_category`), the path's root, and the data set (file) the product came in.
    """
    branches = [" > ".join(path[:end]) for end in range(len(path), 1, -1)]
    names = (*branches, main_category, *path[:1], dataset)
    return tuple(name for name in names if name)


def _read(path: Path) -> CategoryMap:
    try:
        tables = parse_toml(read_bounded(path).decode())
    except (OSError, ValueError) as error:
        raise BadCategories(path, str(error).splitlines()[0]) from error
    table, words = tables.get("categories"), tables.get("words", {})
    if not isinstance(table, dict) or not isinstance(words, dict):
        raise BadCategories(path, "it needs a [categories] table that maps names to groups")
    numbers = _numbers(path, tables.get("google", {}))
    by_word = {_key(name): _group(path, name, group) for name, group in words.items()}
    return CategoryMap({**numbers, **mapping_of(path, table)._groups}, by_word)


def _numbers(path: Path, table: object) -> dict[str, Category | None]:
    """Return the groups of numbers of Google's taxonomy, under names."""
    if not isinstance(table, dict):
        raise BadCategories(path, "[google] must be a table of groups with lists of numbers")
    return {
        f"{TAXONOMY_NUMBER} {number}": _group(path, "google", "" if name == "not_sold" else name)
        for name, numbers in table.items()
        for number in (numbers if isinstance(numbers, list) else [numbers])
    }


def mapping_of(source: Path, table: Mapping[str, object]) -> CategoryMap:
    """Return the mapping of a table of names to groups.

    Raises
    ------
    BadCategories
        If it names a group that does not exist; names `source`.
    """
    return CategoryMap({name: _group(source, name, group) for name, group in table.items()})


def _group(path: Path, name: str, group: object) -> Category | None:
    if group == "":
        return None
    if isinstance(group, str) and group in _BY_NAME:
        return _BY_NAME[group]
    raise BadCategories(
        path,
        f'"{name}" = {group!r}: the group must be one of {", ".join(CATEGORIES)}, '
        'or "" for what is not sold',
    )


def _singular(word: str) -> str:
    return word.removesuffix("ies") + "y" if word.endswith("ies") else word


def _key(name: str) -> str:
    """Reduce a name to its words, so that spellings of one category meet."""
    levels = (
        " ".join(_WORDS.sub(" ", level.casefold().replace("&", " and ")).split())
        for level in name.split(">")
    )
    return ">".join(levels)
