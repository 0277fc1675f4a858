"""YAML of JSON values, as kubectl writes it: keys in order, lists not indented, texts of several lines as blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from kubectl_rollouts.view.output.formats import Shown


def yaml_text(value: Any, shown: Shown | None = None) -> str:
    """A value as a YAML document, without a separator. `shown` is applied to texts first, for terminals."""
    if shown is not None:
        value = _safe(value, shown)
    return yaml.dump(value, Dumper=_Dumper, default_flow_style=False, allow_unicode=True, width=1 << 30)


_Base = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper


class _Dumper(_Base):  # type: ignore[misc,valid-type]  # one of two classes with the same methods
    """A safe dumper that quotes what any version of YAML could take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text:
        style = "|" if _fits_a_block(text) else '"'
    elif _ambiguous(text):
        style = '"'
    node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
    return node


_Dumper.add_representer(str, _text)


def _fits_a_block(text: str) -> bool:
    """Whether a block says the text exactly: PyYAML itself falls back on quotes for the rest."""
    return all(char.isprintable() or char == "\n" for char in text) and not text.startswith((" ", "\n"))


def _ambiguous(text: str) -> bool:
    """Whether YAML 1.1 or 1.2 could read a number, a boolean, a date or nothing in a text."""
    if text[:1] in "0123456789.+-~=":
        return not text[:1].isdigit() or not any(
            char.isalpha() and char not in "xXoObBeEaAcCdDfFtTzZ_" for char in text
        )
    return text.lower() in ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "")


def _safe(value: Any, shown: Shown) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return {_safe(key, shown): _safe(item, shown) for key, item in value.items()}
    return [_safe(item, shown) for item in value] if isinstance(value, list) else value
