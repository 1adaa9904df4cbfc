"""What comes from the browser with an event, and the parts of the page that page.js knows by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

_READY = "window.youju.ready({name!r}, element, trigger, watch, upload, props)"


def sent(event: gr.EventData, name: str, otherwise: Any) -> Any:
    """A member of what the browser sent along; a browser may send anything or nothing."""
    data = event._data
    return data.get(name, otherwise) if isinstance(data, dict) else otherwise


def listed(value: object) -> list[Any]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def whole(value: object, low: int, high: int) -> int:
    """The value as a whole number between two bounds; the lower one for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return low
    return min(max(value, low), high)


def the_part(name: str, value: str | Callable[[], str]) -> Any:
    """An HTML component that page.js knows by its name."""
    script = _READY.format(name=name)
    return gr.HTML(value, elem_id=name, js_on_load=script, apply_default_css=False, padding=False)


def quiet(*, queue: bool = True) -> dict[str, Any]:
    """How our events run: without Gradio's veil, and not listed among its public functions."""
    shared: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    return shared if queue else {**shared, "queue": False}
