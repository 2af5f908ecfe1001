"""The Chinese sentences of a gate's report; keys are those of messages_gate_en."""

MESSAGES = {
    "gate.headline.pass": "性能门禁：通过",
    "gate.headline.regression": "性能门禁：出现退化",
    "gate.headline.error": "性能门禁：出错",
    "gate.headline.cannot_tell": "性能门禁：无法判断",
    "gate.compared": (
        "{candidate} 对比 {baseline}，{mode}：共 {count} 项比较。退化 {regressions} 项，"
        "出错 {errors} 项，无法判断 {unknown} 项，警告 {warnings} 项，通过 {passed} 项。"
    ),
    "gate.mode.stored": "依据已保存的记录",
    "gate.mode.paired": "交替计时",
    "gate.nothing": "没有进行任何比较，因此不能算通过。",
    "gate.why": "原因与对策",
    "gate.why_item": "{where}：{sentence}",
    "gate.where": "{cell}，{metric}",
    "gate.passed": "已通过的比较（{count} 项）",
    "gate.how": (
        "“变化”为候选版本与基线的开销（时间、字节）之比，1 表示相同；或为得分的下降量。"
        "数值越大越差。方括号内为其上下界，n 为所依据的样本数。"
    ),
    "gate.differences": "两边环境的差异：",
    "gate.unused": "以下指标设有阈值，但没有出现在任何单元中：{metrics}。",
    "gate.missing": "以下各项只有一边有，未作比较：",
    "gate.missing_allowed": "以下各项只有一边有（已允许），未作比较：",
    "gate.missing_item": "{what}：{side}中没有",
    "gate.side.baseline": "基线",
    "gate.side.candidate": "候选版本",
    "gate.column.cell": "单元",
    "gate.column.metric": "指标",
    "gate.column.baseline": "基线",
    "gate.column.candidate": "候选版本",
    "gate.column.change": "变化",
    "gate.column.count": "依据 n",
    "gate.column.threshold": "允许值",
    "gate.column.verdict": "结论",
    "gate.verdict.pass": "通过",
    "gate.verdict.warning": "警告",
    "gate.verdict.regression": "退化",
    "gate.verdict.cannot_tell": "无法判断",
    "gate.verdict.error": "出错",
    "gate.counted.pairs": "{count} 对",
    "gate.counted.windows": "{count} 个窗口",
    "gate.counted.examples": "{count} 个样本",
    "gate.points": "{text} 个百分点",
    "gate.reason.noisy": (
        "区间比阈值还宽，且包含阈值；请减少机器上的其他负载、延长计时，或放宽阈值"
    ),
    "gate.reason.near_threshold": ("变化与阈值过于接近，无法判断在哪一侧；请延长计时，或另设阈值"),
    "gate.reason.out_of_time": "时间用完仍未得出结论；请调大 --minutes，或换用单元较少的套件",
    "gate.reason.setups": (
        "两边环境不同（{differences}），速度与内存不可比；请在本环境重新建立基线，或使用 --against"
    ),
    "gate.reason.trials": (
        "两边的工作不同（{differences} 不一致）；请用相同的卡片与数据重新建立基线"
    ),
    "gate.reason.unstable": "{warning}",
    "gate.reason.few_windows": "计时窗口太少，无法给出区间；请使用更多数据，或延长计时",
    "gate.reason.no_interval": (
        "记录中没有该项的区间，无法区分噪声与变化；请延长测量，或使用 --against"
    ),
    "gate.reason.not_measured": ("{side}没有该项的数值（{note}）；请让两边的测量时间与数据量相当"),
    "gate.reason.measured_earlier": (
        "该项为另一次运行所测，取决于当时写入缓存的代码；请清空缓存（mmbench cache clear）"
        "后以 --fresh 重跑"
    ),
    "gate.reason.from_cache": (
        "特征取自缓存，主干网络没有运行，内存峰值中不含它；请清空缓存（mmbench cache clear）"
        "后以 --fresh 重跑"
    ),
    "gate.reason.whole_process": (
        "峰值属于整个进程，包含此前的试验；请在可以重置峰值的系统上运行，"
        "或让每个试验使用新进程（--executor fresh）"
    ),
    "gate.reason.stored_only": (
        "比保存的基线慢，但在共享机器上这不足以证明退化；请用 mmbench gate --against 确认，"
        "或在安静的专用机器上加 --trust-stored"
    ),
    "gate.reason.no_predictions": (
        "{side}缺少 predictions.parquet，无法逐个比较答案；请保留记录的整个文件夹，或重新运行"
    ),
    "gate.reason.other_examples": "{split} 上的预测不是同一批样本；请用相同的数据重新建立基线",
    "gate.reason.groups": (
        "样本按组相互关联，而预测文件没有写明分组；请用会写明分组的 mmbench 把两边都重跑一遍"
    ),
    "gate.reason.few_examples": (
        "{count} 个样本不足以判断；若变化保持不变，约需 {needed} 个。"
        "请提高样本上限、增加样本，或允许更大的下降"
    ),
    "gate.reason.undefined": (
        "从样本中重抽的测试集有不少无法计算 {metric}：某一类样本太少；请增加该类样本"
    ),
    "gate.reason.zero_baseline": ("基线的 {metric} 为 0，无法用相对比例表示变化；请换一个指标比较"),
    "gate.reason.unreadable": (
        "predictions.parquet 中的答案无法计分（{text}）；请用同一版本的 mmbench 把两边重新运行"
    ),
    "gate.reason.no_value": "两边并非都有该项在 {split} 上的得分；原因见各自的报告",
    "gate.reason.failed": "{side}的试验失败：{message}；请修复后重跑",
    "gate.reason.told": "{text}",
}
