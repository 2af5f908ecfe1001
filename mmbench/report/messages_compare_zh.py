"""`mmbench compare` 的中文文案；键与 messages_compare_en 相同。"""

MESSAGES = {
    "compare.title": "{first} 与 {second} 对比",
    "compare.told": (
        "共有 {pairs} 对除此之外完全相同的组合。{first} 在 {wins} 对中被证实更好，"
        "{second} 在 {losses} 对中被证实更好；{untested} 对无法在相同样本上检验。"
    ),
    "compare.how": (
        "主测试集上的主指标。差值为后者减前者。检验为配对检验：相同样本、相同种子，双侧，"
        "对全表做 Holm 校正，5%；正确率类指标用精确 McNemar 检验，其余用自助法，"
        "详见 docs/statistics.md。"
    ),
    "compare.cell": "前者",
    "compare.difference": "差值",
    "compare.test": "检验",
    "compare.not_shown": "，未证实",
}
