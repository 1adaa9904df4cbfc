"""Gradio's own components in our colours: its variables are ours, so dark and light change in one place."""

from __future__ import annotations

from typing import Any

SANS = ("PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "Noto Sans Mono CJK SC", "monospace")


def theme() -> Any:
    """A theme whose fonts are the system's; nothing is loaded for it."""
    import gradio as gr

    made = gr.themes.Base(
        primary_hue="stone", neutral_hue="stone", radius_size="md", font=SANS, font_mono=MONO
    )
    ours = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--ink-soft)",
        "background_fill_primary": "var(--sheet)",
        "background_fill_secondary": "var(--paper)",
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "block_label_background_fill": "transparent",
        "block_label_text_color": "var(--ink-soft)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--ink-soft)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "color_accent": "var(--accent)",
        "color_accent_soft": "var(--accent-soft)",
        "input_background_fill": "var(--sheet)",
        "input_border_color": "var(--line)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--ink-faint)",
        "button_primary_background_fill": "var(--ink)",
        "button_primary_background_fill_hover": "var(--ink-soft)",
        "button_primary_text_color": "var(--paper)",
        "button_secondary_background_fill": "var(--sheet)",
        "button_secondary_background_fill_hover": "var(--accent-soft)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--line)",
        "slider_color": "var(--accent)",
        "link_text_color": "var(--accent)",
        "panel_background_fill": "transparent",
    }
    darker = {f"{name}_dark": value for name, value in ours.items()}
    known = set(vars(made))
    made.set(**{name: value for name, value in (ours | darker).items() if name in known})
    return made
