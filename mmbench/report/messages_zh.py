"""The Chinese sentences on what was found; `i18n.py` says how they are written.

Keys are those of messages_en.
"""

MESSAGES = {
    "title": "微调对比报告",
    # summary
    "summary.heading": "概要",
    "summary.compared": (
        "本次对比了 {models} 个模型、{tasks} 个任务、{recipes} 种训练方案，共 {trials} 次试验，"
        "随机种子为 {seeds}。完成 {ok} 次，失败 {failed} 次，未运行 {refused} 项。"
    ),
    "summary.machine": "全部在同一环境下运行：{device}，{threads} 线程。",
    "verdict.leader": "{cell}，{score}",
    "verdict.best": (
        "{task}：以{split}上的{metric}衡量，最好的是 {leader}，"
        "其置信区间整体优于其余 {others} 个组合。"
    ),
    "verdict.tied": (
        "{task}：以{split}上的{metric}衡量，下列组合的置信区间相互重叠，无法分出高下：{leaders}。"
    ),
    "verdict.others_below": "另有 {count} 个组合可以确认更差。",
    "verdict.alone": "{task}：只有一个组合有{split}上的{metric}：{leader}，没有可比较的对象。",
    "verdict.incomplete": (
        "{task}：以{split}上的{metric}衡量，{leader} 领先，但它的种子 {seeds} 训练失败，"
        "因此不下“最好”的结论。"
    ),
    "verdict.unscored": "{task}：没有任何组合在测试集上有得分。",
    "verdict.above_baseline": "其置信区间整体优于{baseline}（{value}）。",
    "verdict.alone_not_above": "尚不能确认它优于{baseline}（{value}）。",
    "verdict.not_above_baseline": "其中并非每一个都能确认优于{baseline}（{value}）。",
    # notices
    "notice.below_majority": "低于多数基线：一律给出训练集中最常见的答案，得分反而更高。",
    "notice.below_chance": "低于随机水平：把候选项随机排列，得分反而更高。",
    "notice.below_constant": "低于常数基线：对所有样本都给出同一个答案，得分反而更好。",
    "notice.below_word_majority": (
        "低于查词典：给每个词标上它在训练集中最常见的标签，得分反而更高。"
    ),
    "notice.below_zero_shot": "低于零样本：同一模型在训练前得分更高，这次训练反而有害。",
    "notice.below_probe": "低于同一模型的探测（只训练任务头）：这样微调得不偿失。",
    "notice.shortfall": "{cell}，{split}，对照{baseline}：{cases}",
    "notice.clear": "种子 {seed} 为 {value}，基线为 {baseline_value}",
    "notice.not_clear": "种子 {seed} 为 {value}，基线为 {baseline_value}（差距在置信区间之内）",
    "notice.failed": "有 {count} 次试验失败，无法参与比较；原因见“失败与未运行”一节。",
    "notice.setups": (
        "这些记录来自不同的环境（设备、线程数、依赖库或代码版本不同），速度不可比：各环境分别列表，"
        "任何均值都不跨环境计算。"
    ),
    "notice.setup": "环境 {letter}：{device}，{threads} 线程，代码 {code}，{count} 次试验",
    "notice.seen_little": "以下模型没有看到完整的输入：",
    "notice.truncated": "{model}，{task}：{split}中 {share} 的文本被截断",
    "notice.cut_clips": "{model}，{task}：{split}中 {share} 的音频超出模型的时长上限而被截断",
    "notice.unknown_tokens": (
        "{model}，{task}：{split}中 {share} 的 token 不在词表内，该分词器并非为这种语言或领域而设计"
    ),
    "notice.untaught_tokens": (
        "{model}，{task}：{split}中 {share} 的 token 不在词表内，该分词器只学过训练集中的文本"
    ),
    "notice.recorded": "试验运行时记录的警告：",
    "notice.recorded_item": "{text}（{trials}）",
    "notice.unstable": (
        "{total} 次试验中有 {count} 次计时不稳定：请关闭其他程序后重跑，或改用交替运行的 "
        "mmbench gate --against 来比较；各次的具体情况见折叠的“{where}”"
    ),
    # figure
    "figure.axis": "{split}{metric}，附 95% 置信区间",
    "figure.on_setup": "{model}环境 {setup}",
    "figure.value": "{model}× {recipe} {score}",
    "figure.task": "{task}：{values}。",
    "figure.alt": "各任务、模型与训练方案的得分及置信区间。{tasks}",
    # quality
    "quality.heading": "效果",
    "quality.nothing": "没有完成的试验，因此没有得分。",
    "quality.how": (
        "每格为“微调前 → 微调后”，方括号内是微调后得分的 95% 置信区间。"
        "“微调前”是未经任何训练的得分（零样本），无法这样评估的模型记为 n/a。"
        "各行按第一个测试集的得分排列；置信区间重叠时，先后次序并不代表优劣。"
    ),
    "quality.how_zero_shot": "零样本方案不训练，只有一个得分，并附其置信区间。",
    "quality.test": "测试集（test）：与训练集同分布的留出样本。",
    "quality.test_shift": "test_shift：任务相同但分布有偏移，例如换了数据来源、绘制风格或说话人。",
    "quality.test_unseen": "test_unseen：不仅分布有偏移，而且包含训练集中没有出现过的概念。",
    "quality.caption": "{metric}，微调前 → 微调后 [下限, 上限]",
    "quality.split_of": "{split}（n = {count}）",
    "quality.not_applicable": "n/a",
    "quality.why_not_applicable": "n/a：微调前没有得分（{reason}）：{models}",
    "quality.before_prompts": "微调前：零样本，用任务的{language}提示词与类别名称作答：{models}",
    "quality.before_joint": "微调前：零样本，直接使用模型自身的图文共同空间：{models}",
    "quality.before_writes": "微调前：预训练模型按训练时的提问方式直接作答：{models}",
    "quality.before_random": "微调前：随机权重的回答，尚未学到任何东西：{models}",
    "quality.score_note": "{split}：{note}",
    "quality.scored_in_part": "{split}：只在 {rows} 行中的 {scored} 行上计分",
    "quality.seeds_failed": (
        "{cell} × {recipe}：{planned} 个种子中有 {failed} 个失败，均值只含其余种子"
    ),
    "quality.others": "其他指标：{task}（{metrics}）",
    "quality.other_caption": "{metric}，{stage} [下限, 上限]",
    "quality.seeds": "各随机种子的得分：{task}",
    "quality.seeds_caption": "{split}{metric}，{stage}",
    "quality.seed": "种子 {seed}",
    "quality.classes": "各类别的 F1（%）：{task}（{classes} 类中的 {shown} 类）",
    "quality.hardest_classes": "最难类别的 F1（%）：{task}（{classes} 类中的 {shown} 类）",
    "quality.entities": "各类实体的 F1（%），由难到易：{task}（{classes} 类中的 {shown} 类）",
    # 多个目标与各输入的作用
    "parts.how": "各目标的得分（{stage}）：",
    "parts.column": "{part}：{metric}",
    "ablation.how": (
        "各输入对微调后模型的作用：把每个样本中某一输入的特征替换为训练集上的特征均值，"
        "模型不再重新训练。若一开始就不用该输入训练，得分可能更高。"
    ),
    "ablation.both": "图像 + 文本",
    "ablation.without": "去掉{modality}",
    "ablation.caption": "{metric}，{split}",
    # retrieval
    "retrieval.how": (
        "召回率@k（R@k）：在该划分的全部候选项中检索，前 k 名里至少命中一个正确项的查询所占的比例。"
        "一张图有多条文本时，命中任意一条即可；得分并列时，按对模型不利的名次计。"
        "图→文即以图搜文，文→图即以文搜图。候选项越多越难，因此规模不同的划分之间不可比。"
        "召回率以 % 计，中位排名从 1（最佳）起，均为{stage}的结果。"
    ),
    "retrieval.caption": "{split}，候选图像 {images} 张、候选文本 {texts} 条",
    "retrieval.caption_of_part": "{split}，候选项来自 {rows} 行中的 {scored} 行",
    "retrieval.caption_unknown": "{split}，记录中没有写明候选项的数量",
    "retrieval.all": "检索指标明细：{task}（全部划分与置信区间）",
    "retrieval.chance": "随机水平：候选项随机排列时的期望得分。",
    # tasks that hold the same content in several languages
    "parallel.heading": "同一内容的多语言对照：{name}",
    "parallel.how": (
        "{tasks} 的内容相同，只是语言不同。模型之间只能在同一列内比较。"
        "两种语言之差既含语言本身的影响，也含模型对该语言的适配程度；"
        "差值没有置信区间，不能单独归因于其中任何一方。"
    ),
    "parallel.caption": "{metric} [下限, 上限]；{second} − {first} 为两者之差",
    "parallel.column": "{split}，{language}",
    "parallel.difference": "{split}，{second} − {first}",
    "parallel.unknown": (
        "{model}，{language}：{task} 的{split}中有 {share} 的 token 不在词表内，"
        "差值首先反映的是词表"
    ),
    "parallel.candidates": "{split}的候选项数量不同：{counts}",
    "parallel.counted": "{language}：图像 {images} 张、文本 {texts} 条",
    "parallel.absent": "–：该模型没有这种语言的得分。",
    "parallel.versions": (
        "{tasks}：记录中同一任务有多个版本（数据、样本上限或规则不同），因此不作对照。"
    ),
}
