"""What the page has to say: one name for every phrase. Both languages are complete by type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The page's language. `{}` in a phrase is filled with `format`."""

    code: str
    comma: str
    aside: str
    name: str
    tagline: str
    skip: str
    ask_tab: str
    documents_tab: str
    concordance_tab: str
    evaluation_tab: str
    settings_tab: str
    # asking
    placeholder: str
    ask: str
    composer_hint: str
    stop: str
    hello: str
    hello_more: str
    nothing_indexed: str
    nothing_indexed_more: str
    examples: str
    example_title: str
    example_section: str
    example_speaker: str
    scope: str
    archives: str
    archive_into: str
    archive_trouble: str
    scope_since: str
    scope_until: str
    date_hint: str
    thinking: str
    you: str
    answer: str
    sources: str
    citation: str
    refused: str
    nearest: str
    stopped: str
    incomplete: str
    failed: str
    understood: str
    undo: str
    redo: str
    undone: str
    notes: str
    took: str
    copy: str
    copied: str
    retry: str
    edit: str
    export_markdown: str
    export_evidence: str
    useful: str
    not_useful: str
    # verdicts
    near: str
    stitched: str
    misattributed: str
    absent: str
    # source panel
    source: str
    close: str
    previous: str
    following: str
    original: str
    reading: str
    also_in: str
    earlier_text: str
    later_text: str
    gone: str
    lost_number: str
    dropped: str
    page: str
    article_untitled: str
    right: str
    wrong: str
    missing: str
    thanks: str
    copy_quote: str
    # flags
    flag_lost_digits: str
    flag_broken: str
    flag_caption: str
    flag_unrelated: str
    flag_truncated: str
    # conversations
    conversations: str
    new_conversation: str
    rename: str
    rename_prompt: str
    delete: str
    delete_conversation: str
    no_conversations: str
    kept_here: str
    # appearance
    theme: str
    theme_light: str
    theme_dark: str
    theme_system: str
    language: str
    menu: str
    # documents
    drop_here: str
    drop_what: str
    filter: str
    reread: str
    reread_confirm: str
    ask_selected: str
    choose: str
    title: str
    newspaper: str
    date: str
    articles: str
    passages: str
    passages_of: str
    counts_of: str
    listed: str
    delete_document: str
    gone_document: str
    understood_hint: str
    page_name: str
    encoding: str
    size: str
    characters: str
    left_out: str
    added: str
    copy_of: str
    continues: str
    reading_files: str
    done: str
    intake_done: str
    uploading: str
    status_added: str
    status_changed: str
    status_unchanged: str
    status_removed: str
    status_refused: str
    stage_reading: str
    stage_encoding: str
    stage_writing: str
    kind_article: str
    kind_commentary: str
    kind_caption: str
    kind_quote: str
    kind_notice: str
    kind_fragment: str
    # concordance
    concordance_words: str
    concordance_find: str
    concordance_hint: str
    concordance_length: str
    concordance_total: str
    concordance_shown: str
    concordance_none: str
    concordance_scope: str
    # evaluation
    judged: str
    judged_none: str
    judged_answers: str
    judged_useful: str
    judged_citations: str
    judged_right: str
    judged_missing: str
    judged_table: str
    judged_note: str
    system: str
    system_words: str
    system_vectors: str
    system_fused: str
    report: str
    report_none: str
    report_made: str
    report_not_held: str
    report_run: str
    report_what: str
    evaluating: str
    evaluating_already: str
    report_open: str
    # settings
    should_cite: str
    more_passages: str
    nothing_to_export: str
    scope_hint: str
    setting_k: str
    setting_k_what: str
    setting_plain: str
    setting_plain_what: str
    setting_view: str
    setting_view_what: str
    setting_theme_what: str
    setting_language_what: str
    setting_model: str
    setting_model_what: str
    setting_llm: str
    setting_llm_what: str
    setting_reranker: str
    setting_reranker_what: str
    setting_index: str
    setting_index_what: str
    bundled: str
    none: str
    settings_here: str
    settings_server: str
    service: str
    service_what: str
    # trouble
    broke: str
    # entering
    login: str
    login_name: str
    login_word: str
    login_failed: str


def flag_words(words: Words, flag: str) -> str:
    """The reader's words for a quality flag of a passage; an unknown flag is shown as it is."""
    known: dict[str, str] = {
        "lost_digits": words.flag_lost_digits,
        "broken": words.flag_broken,
        "caption": words.flag_caption,
        "unrelated": words.flag_unrelated,
        "truncated": words.flag_truncated,
    }
    return known.get(flag, flag)


def verdict_words(words: Words, verdict: str) -> str:
    """What to say about a sentence that is not word for word its source; empty when it is."""
    known: dict[str, str] = {
        "near-verbatim": words.near,
        "stitched": words.stitched,
        "misattributed": words.misattributed,
        "absent": words.absent,
    }
    return known.get(verdict, "")


def status_words(words: Words, status: str) -> str:
    """What became of a file, in the reader's words."""
    known: dict[str, str] = {
        "added": words.status_added,
        "changed": words.status_changed,
        "unchanged": words.status_unchanged,
        "removed": words.status_removed,
        "refused": words.status_refused,
    }
    return known.get(status, status)


def stage_words(words: Words, stage: str) -> str:
    """A stage of the long work, in the reader's words."""
    known: dict[str, str] = {
        "reading": words.stage_reading,
        "encoding": words.stage_encoding,
        "writing": words.stage_writing,
    }
    return known.get(stage, stage)


def kind_words(words: Words, kind: str) -> str:
    """A kind of article, in the reader's words."""
    known: dict[str, str] = {
        "article": words.kind_article,
        "commentary": words.kind_commentary,
        "caption": words.kind_caption,
        "quote": words.kind_quote,
        "notice": words.kind_notice,
        "fragment": words.kind_fragment,
    }
    return known.get(kind, kind)
