"""Every word the page says, in Chinese and in English. Chinese comes first; both are complete by type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The page's language. `{}` in a phrase is filled with `format`."""

    code: str
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
    scope_all: str
    scope_documents: str
    scope_since: str
    scope_until: str
    date_hint: str
    thinking: str
    you: str
    answer: str
    sources: str
    citation: str
    refused: str
    refused_more: str
    searched: str
    nearest: str
    stopped: str
    incomplete: str
    too_long: str
    empty_question: str
    failed: str
    busy: str
    understood: str
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
    copy_reference: str
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
    login: str
    login_name: str
    login_word: str
    login_failed: str


ZH = Words(
    code="zh",
    name="有据",
    tagline="每一句都有出处",
    skip="跳到提问框",
    ask_tab="问答",
    documents_tab="文档",
    concordance_tab="检索词",
    evaluation_tab="评测",
    settings_tab="设置",
    placeholder="就这些文档提问……",
    ask="提问",
    composer_hint="回车发送，Shift + 回车换行",
    stop="停止",
    hello="想从这些文档里知道什么？",
    hello_more="已读 {} 篇文档、{} 篇文章、{} 段文字。回答只依据原文，每一句都可以点开核对。",
    nothing_indexed="还没有文档",
    nothing_indexed_more="到“文档”页拖入文件，或在终端运行 youju index 文件夹。",
    examples="可以这样问",
    example_title="关于“{}”，文中怎么说？",
    example_section="“{}”讲了什么？",
    example_speaker="{}说了什么？",
    scope="范围",
    scope_all="全部文档",
    scope_documents="只问这些文档",
    scope_since="起始日期",
    scope_until="截止日期",
    date_hint="如 2023 或 2023-11-30",
    thinking="正在查找",
    you="问",
    answer="答",
    sources="出处",
    citation="出处 {}",
    refused="现有文档里没有找到依据",
    refused_more="为避免误导，这里不作回答。",
    searched="已查找 {} 篇文档中的 {} 段文字。",
    nearest="最接近的段落",
    stopped="已停止。",
    incomplete="回答没有写完。",
    too_long="问题太长了：最多 {} 个字。",
    empty_question="请先写下问题。",
    failed="这次没有成功：{}",
    busy="现在提问的人较多，请稍后再试。",
    understood="理解为",
    notes="说明（{}）",
    took="用时 {} 秒",
    copy="复制",
    copied="已复制",
    retry="重新回答",
    edit="修改问题",
    export_markdown="导出对话（Markdown）",
    export_evidence="导出证据（JSON）",
    useful="有用",
    not_useful="没有用",
    near="与原文略有出入",
    stitched="由几处原文拼合",
    misattributed="出处可能有误",
    absent="未在原文中找到",
    source="原文",
    close="关闭",
    previous="上一处",
    following="下一处",
    original="原样",
    reading="通读",
    also_in="另见",
    earlier_text="前文",
    later_text="后文",
    gone="这篇文档已不在库中。下面是回答时所引的文字。",
    lost_number="此处数字在扫描中丢失",
    dropped="未收入：{}",
    page="第 {} 版",
    article_untitled="（无标题）",
    right="引得对",
    wrong="引错了",
    missing="答得不全",
    thanks="已记下",
    copy_quote="复制引文",
    copy_reference="复制著录",
    flag_lost_digits="数字有缺失",
    flag_broken="文字有断裂",
    flag_caption="图片说明",
    flag_unrelated="与正文无关",
    flag_truncated="文字不完整",
    conversations="对话",
    new_conversation="新对话",
    rename="改名",
    rename_prompt="对话名称",
    delete="删除",
    delete_conversation="删除这个对话？",
    no_conversations="还没有对话",
    kept_here="对话只保存在这个浏览器里。",
    theme="外观",
    theme_light="浅色",
    theme_dark="深色",
    theme_system="跟随系统",
    language="语言",
    menu="对话列表",
    login="进入",
    login_name="用户名",
    login_word="口令",
    login_failed="口令不对，或尝试过于频繁。",
)

EN = Words(
    code="en",
    name="Youju",
    tagline="Every sentence has its source",
    skip="Skip to the question box",
    ask_tab="Ask",
    documents_tab="Documents",
    concordance_tab="Concordance",
    evaluation_tab="Evaluation",
    settings_tab="Settings",
    placeholder="Ask about these documents…",
    ask="Ask",
    composer_hint="Enter sends, Shift + Enter breaks the line",
    stop="Stop",
    hello="What would you like to know?",
    hello_more="{} documents, {} articles, {} passages read. Answers come only from the originals; "
    "every sentence opens at its source.",
    nothing_indexed="No documents yet",
    nothing_indexed_more="Drop files on the Documents tab, or run youju index FOLDER in a terminal.",
    examples="You could ask",
    example_title="What is said about “{}”?",
    example_section="What does “{}” say?",
    example_speaker="What did {} say?",
    scope="Scope",
    scope_all="All documents",
    scope_documents="Only these documents",
    scope_since="From",
    scope_until="To",
    date_hint="2023 or 2023-11-30",
    thinking="Searching",
    you="Question",
    answer="Answer",
    sources="Sources",
    citation="Source {}",
    refused="These documents hold no evidence for an answer",
    refused_more="Rather than mislead you, there is no answer here.",
    searched="Searched {} documents, {} passages.",
    nearest="Nearest passages",
    stopped="Stopped.",
    incomplete="The answer was cut off.",
    too_long="The question is too long: at most {} characters.",
    empty_question="Write a question first.",
    failed="That did not work: {}",
    busy="Many people are asking right now. Please try again shortly.",
    understood="Read as",
    notes="Notes ({})",
    took="{} s",
    copy="Copy",
    copied="Copied",
    retry="Answer again",
    edit="Edit question",
    export_markdown="Export conversation (Markdown)",
    export_evidence="Export evidence (JSON)",
    useful="Useful",
    not_useful="Not useful",
    near="Differs slightly from the original",
    stitched="Joined from several places",
    misattributed="The source may be wrong",
    absent="Not found in the originals",
    source="Original",
    close="Close",
    previous="Previous",
    following="Next",
    original="As printed",
    reading="Reading",
    also_in="Also in",
    earlier_text="Earlier text",
    later_text="Later text",
    gone="This document is no longer in the archive. Below is the text that was cited.",
    lost_number="A number was lost here in the scan",
    dropped="Left out: {}",
    page="page {}",
    article_untitled="(untitled)",
    right="Right source",
    wrong="Wrong source",
    missing="Incomplete",
    thanks="Noted",
    copy_quote="Copy quotation",
    copy_reference="Copy reference",
    flag_lost_digits="numbers lost",
    flag_broken="broken text",
    flag_caption="caption",
    flag_unrelated="unrelated",
    flag_truncated="incomplete text",
    conversations="Conversations",
    new_conversation="New conversation",
    rename="Rename",
    rename_prompt="Name of the conversation",
    delete="Delete",
    delete_conversation="Delete this conversation?",
    no_conversations="No conversations yet",
    kept_here="Conversations are kept in this browser only.",
    theme="Appearance",
    theme_light="Light",
    theme_dark="Dark",
    theme_system="As the system",
    language="Language",
    menu="Conversations",
    login="Enter",
    login_name="Name",
    login_word="Password or token",
    login_failed="Wrong password, or too many attempts.",
)

LANGUAGES = {words.code: words for words in (ZH, EN)}


def preferred(accepted: str) -> Words:
    """The language that comes first in an Accept-Language header; Chinese when neither is asked for.

    Quality values as in RFC 9110, section 12.5.4. Unreadable parts are passed over.
    """
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:400].split(",")):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 1.0
        wanted.append((-weight, place, tag.partition("-")[0].strip().lower()))
    for weight, _, tag in sorted(wanted):
        if tag in LANGUAGES and weight < 0:
            return LANGUAGES[tag]
    return ZH


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
