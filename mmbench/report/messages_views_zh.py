"""The Chinese sentences of the views: gaps, fronts, curves, few shots, strategies.

Keys are those of messages_views_en.
"""

MESSAGES = {
    "views.rest": "另有 {count} 行未列出，完整内容见记录文件。",
    # gaps between splits
    "gaps.heading": "数据划分之间的差距",
    "gaps.shift": "分布偏移：{total} 个组合中，有 {clear} 个在 {split} 上的得分明显低于主测试集。",
    "gaps.over_fitting": "过拟合：{total} 个组合中，有 {clear} 个在训练集上的得分明显高于验证集。",
    "gaps.widest": "最明确的是：{cells}。",
    "gaps.gains": "另有 {count} 个组合在该划分上反而明显更好。",
    "gaps.named": "{task}，{cell}，{value}",
    "gaps.summary": "各组合的差距明细",
    "gaps.how": (
        "表中为两个划分得分之差，符号已统一：负值表示在前一个划分上更差（误差类指标已翻转）。"
        "95% 置信区间假定两个划分相互独立，且未按差距的个数做多重比较校正。"
        "训练集得分高于验证集并不必然有害，只有当缩小差距不损失测试得分时才说得上过拟合。"
    ),
    "gaps.metric": "指标",
    "gaps.main": "主测试集",
    "gaps.split": "{split} − 主测试集",
    "gaps.train": "训练集 − 验证集",
    # 国内与国外
    "regions.heading": "国内与国外模型对比",
    "regions.how": (
        "只比较预训练模型：同一任务、同一规模档（参数量 {base} 起为中型，{large} 起为大型），"
        "且限于两方都用过的训练方案；各取一方得分最高者，在相同样本上做配对检验，"
        "并对全部行做 Holm 校正。候选模型越多，其最优者的得分越容易偏高，因此同时列出候选数量。"
        "随机初始化的模型不计地区，由两个地区的编码器组成的模型也不计。"
    ),
    "regions.none": (
        "国内外预训练模型都有，但没有哪个任务上存在同一规模档、同一训练方案的两方模型，无法得出结论。"
    ),
    "regions.size": (
        "{size}，共 {tasks} 个任务：有 {domestic} 个证实国内模型更好，"
        "{international} 个证实国外模型更好，其余 {unshown} 个未能证实差异。"
    ),
    "regions.few": "任务不足 {needed} 个，无法就任务总体下结论。",
    "regions.over_tasks": (
        "按得分，国内模型在 {domestic} 个任务上领先，国外模型在 {international} 个任务上领先，"
        "差距超出偶然（{p}，任务间符号检验）。"
    ),
    "regions.even": (
        "按得分，国内模型在 {domestic} 个任务上领先，国外模型在 {international} 个任务上领先，"
        "可能只是偶然（{p}，任务间符号检验）。"
    ),
    "regions.caption": "各地区的最优模型",
    "regions.size_class": "规模档",
    "regions.small": "小型",
    "regions.base": "中型",
    "regions.large": "大型",
    "regions.domestic": "国内",
    "regions.international": "国外",
    "regions.score": "得分",
    "regions.best_of": "{cell}，{models} 个中最优",
    # 两两对比
    "matches.heading": "两两对比",
    "matches.summary": "各组合两两对比（相同样本）",
    "matches.how": (
        "表中为行的得分减去列的得分，列号与行号对应。✓ 表示差异得到证实："
        "在相同样本上做双侧配对检验，对该任务的所有组合对做 Holm 校正，显著性水平 5%。"
        "无标记表示检验过但未证实。? 表示未检验：缺少相同种子对相同样本的预测。"
    ),
    "matches.shown": "{difference} ✓",
    "matches.not_shown": "{difference}",
    "matches.untested": "{difference} ?",
    "matches.needed": "{first} 与 {second}（{p}）：{what}。",
    "matches.examples": "要证实这样大小的差异，约需 {count} 个测试样本，现有 {there} 个",
    "matches.seeds": "要证实这样大小的差异，约需 {count} 个种子，现有 {there} 个",
    "matches.alike": "所需的种子或样本超过现有的 {times} 倍，可视为没有差别",
    "matches.left_out": (
        "{task}：共 {cells} 个组合，检验次数过多，默认不做两两检验"
        "（可用 mmbench report --all-pairs）。"
    ),
    # 微调方式
    "ways.heading": "微调方式：效果与开销",
    "ways.how": (
        "在每个任务和环境下，对每个模型取均值最高的微调方式，与该模型的其他方式在相同样本上做配对检验"
        "（对全部检验做 Holm 校正，显著性水平 5%）。未证实更差，不等于同样好。"
        "耗时与可训练比例是各模型、各任务的中位数；若各方式用于不同的模型，则这两项不可比较。"
    ),
    "ways.strategy": "方式",
    "ways.cells": "组合数",
    "ways.best": "该模型最优",
    "ways.worse": "证实更差",
    "ways.untested": "未检验",
    "ways.seconds": "单独试验耗时中位数（秒）",
    "ways.trained": "可训练比例中位数",
    "ways.summary": "各模型的全部微调方式：{count} 项",
    "ways.cell": "模型与训练方案",
    "ways.against_best": "与最优方式相比",
    "ways.is_best": "最优",
    "ways.one_trial": "单独试验耗时（秒）",
    "ways.parameters": "训练的参数量",
    "ways.memory": "内存占用峰值",
    # 公开发表的数值
    "published.heading": "与公开发表的数值对照",
    "published.how": (
        "模型卡片所引用的公开数值，与本次在相同任务、相同指标、同类训练方式下的结果并列。"
        "双方的评测方式列在旁边；种子、数据划分、提示词、预处理或调参上未写明的不同，"
        "都可能是差异的全部来源。"
    ),
    "published.ours": "本次结果",
    "published.theirs": "公开数值",
    "published.our_protocol": "本次评测方式",
    "published.their_protocol": "公开数值的评测方式",
    "published.protocol": "{strategy}，{split}（n = {examples}），{seeds} 个种子",
    "published.limited": "，每个划分至多 {limit} 行",
    "published.source": "{model}：{source}",
    # 错误分析
    "mistakes.heading": "错误分析",
    "mistakes.how": (
        "取每个任务中保留了预测的最优组合。分类任务列出哪些类别被认成了哪些，以及它最有把握的错误，"
        "后者往往值得复核标注；其他任务列出答得最差的样本。"
    ),
    "mistakes.summary": "{task} 的错误",
    "mistakes.told": "{cell}，种子 {seed}：{split}的 {examples} 个样本中有 {wrong} 个答错。",
    "mistakes.matrix": "真实 ↓ 预测 →",
    "mistakes.matrix_caption": "混淆矩阵（样本数）",
    "mistakes.confusions_caption": "最常见的混淆",
    "mistakes.surest_caption": "最有把握的错误",
    "mistakes.target": "真实标签",
    "mistakes.taken_for": "误认为",
    "mistakes.count": "样本数",
    "mistakes.share": "占该类",
    "mistakes.example": "样本",
    "mistakes.input": "输入",
    "mistakes.predicted": "预测",
    "mistakes.probability": "预测概率",
    "mistakes.arrow": "{target} → {answer}",
    "mistakes.gone": "未展示输入：本机没有与记录一致的数据。",
    "mistakes.large": "未展示输入：数据量太大，生成报告时不重新读取。",
    "mistakes.left_out": "本报告按要求未附样本输入。",
    "worst.told": "{cell}，种子 {seed}：{split}的 {examples} 个样本中答得最差的几个。",
    "worst.ranked": "{cell}，种子 {seed}：{split}的 {examples} 次查询中结果最差的几次。",
    "worst.caption": "最差的回答",
    "worst.ranked_caption": "正确答案排名最靠后的查询",
    "worst.target": "正确答案",
    "worst.text": "图文对的文本",
    "worst.query": "查询方式",
    "worst.by_image": "以图搜文",
    "worst.by_text": "以文搜图",
    "worst.rank": "正确答案的排名",
    "worst.at_image": "以图搜文：第 {rank} 位",
    "worst.at_text": "以文搜图：第 {rank} 位",
    # quality against cost
    "pareto.heading": "效果与速度、延迟、内存的权衡",
    "pareto.how": (
        "同一环境下，若没有别的组合在两方面都不差、且至少有一方面更好，该组合就位于帕累托前沿上。"
        "前沿按均值判定，因此可能建立在尚未得到证实的效果差异上；“推荐”一节会考虑这一点。"
        "速度与延迟指推理，内存指训练时的峰值。"
    ),
    "pareto.summary": "各组合的效果与开销，以及所在的前沿",
    "pareto.task": "{task}，{metric}",
    "pareto.rate": "推理速度（样本/秒）",
    "pareto.latency": "延迟 p50（毫秒）",
    "pareto.memory": "内存峰值",
    "pareto_axis.rate": "样本/秒（越高越好）",
    "pareto_axis.latency": "延迟 p50，毫秒（越低越好）",
    "pareto_axis.memory": "内存峰值，GiB（越低越好）",
    "pareto_unit.rate": "样本/秒",
    "pareto_unit.latency": "毫秒/样本",
    "pareto_unit.memory": "内存峰值",
    "pareto.front": "所在前沿",
    "pareto.on_rate": "速度",
    "pareto.on_latency": "延迟",
    "pareto.on_memory": "内存",
    "pareto.point": "{cell}：{score}；{value} {unit}",
    "pareto.point_on_front": "；位于前沿",
    "pareto.alt": "效果与速度、延迟、内存的关系，位于前沿的有：{tasks}",
    "pareto.alt_task": "{task}：{axes}。",
    "pareto.alt_axis": "{axis}：{cells}",
    "pareto.alt_rest": "另有 {count} 个任务只列在表中。",
    "figure.best": "{task}（{all} 个结果中最好的 {shown} 个）",
    "figure.rest": "图中只画出 {all} 个任务中的前 {shown} 个，全部结果见下文各表。",
    "figure.axis_plain": "{split}{metric}",
    # learning curves
    "curves.heading": "学习曲线",
    "curves.how": (
        "各组合第一个随机种子、最终选用的学习率在训练过程中的验证结果，大圆点是保留权重的那一次。"
        "训练损失下降而验证损失上升，即为过拟合。"
    ),
    "curves.loss_axis": "损失",
    "curves.point": "{cell}：第 {epoch} 轮 {score}",
    "curves.point_best": "；保留的权重",
    "curves.loss_point": "{cell}：第 {epoch} 轮，{split}损失 {loss}",
    "curves.alt": "学习曲线。{tasks}",
    "curves.alt_task": "{task}：{cells}。",
    "curves.alt_rest": "另有 {count} 条曲线未画出。",
    # few shots
    "shots.heading": "少样本曲线",
    "shots.how": (
        "同一模型、同一策略，每类只用少量训练样本时的得分；跑过全量数据的一并列出。"
        "少样本方案的训练轮数可能更多，具体方案见表。"
    ),
    "shots.summary": "少样本曲线的数值",
    "shots.shots": "每类样本数",
    "shots.all": "全部",
    "shots.rows": "训练样本数",
    "shots.axis": "训练样本数（各类合计）",
    "shots.point": "{cell}：用 {rows} 条样本训练，{score}",
    "shots.alt": "得分随训练样本数的变化。{curves}。",
    "shots.alt_curve": "{task}，{line}：{values}",
    "shots.alt_point": "{rows} 条样本 {score}",
    "shots.alt_rest": "另有 {count} 条曲线只列在表中。",
    "strategy_short.zero_shot": "零样本",
    "strategy_short.probe": "探测",
    "strategy_short.head": "只训练任务头",
    "strategy_short.partial": "只训练高层",
    "strategy_short.full": "全量微调",
    "strategy_short.lora": "LoRA",
    "strategy_short.bitfit": "BitFit",
}
