"""What the report says, in Chinese and in English."""

from __future__ import annotations

PHRASES: dict[str, tuple[str, str]] = {
    "title": ("检索与回答评测", "Evaluation of retrieval and answers"),
    "made": ("生成于", "made"),
    "index": ("索引", "index"),
    "questions": ("道问题", "questions"),
    "answerable": ("可回答", "answerable"),
    "documents": ("篇文档", "documents"),
    "passages": ("个段落", "passages"),
    "headline": ("总览", "Headline"),
    "headline_note": (
        "每项为 0 到 1，越高越好；下方是对问题重抽样得到的 95% 置信区间。",
        "Every number is from 0 to 1, higher is better; below it the 95 % bootstrap interval over questions.",
    ),
    "system": ("系统", "system"),
    "words": ("字词", "words"),
    "vectors": ("向量", "vectors"),
    "fused": ("融合", "fused"),
    "reranked": ("重排", "reranked"),
    "assistant": ("完整流程", "assistant"),
    "open": ("公开", "open"),
    "closed": ("封存", "closed"),
    "all": ("全部", "all"),
    "half_note": (
        "公开一半用于调参，封存一半只用于报告；公开明显高于封存，就是对着考题调过了。",
        "The open half is for tuning, the closed half for reporting only; an open half well above the "
        "closed one would be tuned to the test.",
    ),
    "types": ("按题型", "By type"),
    "types_note": (
        "前 10 段命中率，以及短答正确率；不该回答的题型看拒答率。",
        "Hit in the first 10 passages, and short answer right; refused is what unanswerable types are for.",
    ),
    "type": ("题型", "type"),
    "right": ("答对", "right"),
    "refused": ("拒答", "refused"),
    "depth": ("找得到吗：命中率与深度", "Found at which depth"),
    "depth_note": (
        "前 k 段合起来覆盖证据原文八成字符的问题所占的比例。",
        "Share of questions whose evidence is covered, 80 % of its characters, by the first k passages.",
    ),
    "depth_x": ("前 k 段", "first k passages"),
    "share_y": ("问题占比", "share of questions"),
    "refusal": ("该拒则拒：拒答曲线", "Refusing when due"),
    "refusal_note": (
        "移动置信阈值时，该拒的拒了多少，不该拒的误拒多少；圆点是现在的位置（含其他拒答理由），虚线是随机。",
        "As the threshold of confidence moves: what was refused with reason against what was refused "
        "without. The dot is where the program stands, other reasons to refuse included; dashed is chance.",
    ),
    "refusal_x": ("误拒：可回答而拒答", "answerable, refused"),
    "refusal_y": ("应拒：不可回答而拒答", "unanswerable, refused"),
    "trust": ("置信与正确", "Confidence and truth"),
    "trust_note": (
        "按置信分成十组：每组里答对的比例。越贴近对角线，置信越可信。",
        "Answers in ten groups by confidence: how many of each were right. The diagonal would be perfect.",
    ),
    "trust_x": ("置信", "confidence"),
    "trust_y": ("答对的比例", "share right"),
    "reliability": ("拒答的校准", "Calibration of refusing"),
    "reliability_note": (
        "程序说“能回答”的把握，与真能回答的问题所占的比例（含拒答的问题）。门限定在公开的一半上，封存的一半只用于报告。",
        "How sure the program is that a question can be answered, against the share that can, refused ones "
        "included. The threshold is set on the open half; the closed half only reports.",
    ),
    "reliability_x": ("能回答的把握", "chance of having an answer"),
    "reliability_y": ("能回答的比例", "share that can be answered"),
    "latency": ("耗时", "Latency"),
    "latency_note": (
        "每题毫秒数：须线为第 5 到第 95 百分位，盒为四分位。",
        "Milliseconds a question: whiskers from the 5th to the 95th percentile, the box is the middle half.",
    ),
    "latency_x": ("毫秒", "milliseconds"),
    "answers": ("回答", "Answers"),
    "answers_note": (
        "答对：前 200 字里有正确短答，数字与名称一致。成立：引文与原文逐字相同。切题：引文落在证据上。",
        "Right: the short answer stands in the first 200 characters, numbers and names alike. Holds: a "
        "citation is the original, character by character. On evidence: it cites what answers the question.",
    ),
    "cited": ("有引文", "cited"),
    "holds": ("成立", "holds"),
    "on_evidence": ("切题", "on evidence"),
    "precision": ("引文精确", "citation precision"),
    "recall": ("引文召回", "citation recall"),
    "refusal_precision": ("拒答精确", "refusal precision"),
    "refusal_recall": ("拒答召回", "refusal recall"),
    "wrongly_refused": ("误拒", "wrongly refused"),
    "auroc": ("AUROC", "AUROC"),
    "median_characters": ("答案字数", "characters"),
    "worst": ("最差的问题", "Worst questions"),
    "worst_note": (
        "只展开公开一半；封存一半的题目看了就不再是考题。底色标出的是应当找到的证据。",
        "Open half only: a closed question that was looked at is no longer a test. Marked is the evidence "
        "that should have been found.",
    ),
    "none_worst": (
        "公开一半里没有答错或没找到的问题。",
        "Nothing was missed or answered wrongly in the open half.",
    ),
    "more": ("另有", "and"),
    "more_after": ("题未列出", "more that are not shown"),
    "should": ("应当找到", "should have been found"),
    "found": ("实际找到", "was retrieved"),
    "said": ("实际回答", "was said"),
    "expected": ("正确短答", "right short answer"),
    "context": ("上文", "conversation"),
    "not_found": ("前 10 段未命中", "not in the first 10"),
    "wrong": ("答错", "wrong"),
    "wrongly": ("误拒", "refused without reason"),
    "due": ("应拒未拒", "answered, should be refused"),
    "nothing": ("不可回答", "not answerable"),
    "nobody": ("什么也没找到", "nothing was found"),
    "fact": ("事实", "fact"),
    "reworded": ("换说法", "reworded"),
    "who_said": ("谁说的", "who said"),
    "multi": ("多处", "several passages"),
    "compare": ("比较", "comparison"),
    "robust": ("错字繁体口语", "robust"),
    "follow_up": ("追问", "follow-up"),
    "lost": ("数字缺失", "number lost"),
    "unanswerable": ("近似而无", "near miss"),
    "off_topic": ("题外", "off topic"),
    "injection": ("注入", "injection"),
    "cloze": ("完形（自动）", "cloze (silver)"),
    "headline_type": ("标题（自动）", "headline (silver)"),
    "footer": (
        "本页自成一体，不联网即可打开。数字由以下命令得到：",
        "This page is one file and opens offline. The command that made its numbers:",
    ),
    "silver": (
        "自动题（silver）：由档案自身生成，只宜比较设置，不宜作为结论。",
        "Silver: questions made from the archive itself; good for comparing settings, not for claims.",
    ),
}


def pair(key: str) -> tuple[str, str]:
    """Chinese and English of a phrase; the key itself where there is none."""
    return PHRASES.get(key, (key, key))
