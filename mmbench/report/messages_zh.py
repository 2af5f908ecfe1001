"""The Chinese sentences; `i18n.py` says how they are written. Keys are those of messages_en."""

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
    "verdict.not_above_majority": "其中并非每一个都能确认优于多数类基线（{value}）。",
    # notices
    "notice.below_majority": "低于多数类基线：一律预测最常见的类别，得分反而更高。",
    "notice.below_probe": "低于同一模型的线性探测：这样微调得不偿失。",
    "notice.probe": "线性探测（{recipe}）",
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
    "notice.unknown_tokens": (
        "{model}，{task}：{split}中 {share} 的 token 不在词表内，该分词器并非为这种语言或领域而设计"
    ),
    "notice.recorded": "试验运行时记录的警告：",
    "note.no_joint_space": "该模型没有输入与标签的共同表示空间",
    "note.diverged": "学习率 {rate} 在第 {step} 步发散，不参与选择",
    "note.diverged_outputs": "学习率 {rate} 训练发散，不参与选择",
    "note.short": "计时过短：只有 {found} 个计时窗口，至少应有 {wanted} 个，请用更多数据测量",
    "note.measured_earlier": "为首次提取特征时所测",
    "note.one_group": "全部样本同属一组，无法给出区间",
    "note.whole_process": "试验前未能重置峰值，此为整个进程的峰值",
    "note.other_work": ("其他进程占用了 {cores} 核中的 {busy} 核：速度不可比，请在机器空闲时重跑"),
    "notice.recorded_item": "{text}（{trials}）",
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
        "各行按第一个测试集的得分排列；置信区间重叠时，先后次序并不代表优劣。"
    ),
    "quality.test": "测试集（test）：与训练集同分布的留出样本。",
    "quality.test_shift": "test_shift：类别相同但分布有偏移，例如换了数据来源或绘制风格。",
    "quality.test_unseen": "test_unseen：不仅分布有偏移，而且包含训练集中没有出现过的概念。",
    "quality.caption": "{metric}，微调前 → 微调后 [下限, 上限]",
    "quality.split_of": "{split}（n = {count}）",
    "quality.majority": "多数类基线",
    "quality.not_applicable": "n/a",
    "quality.why_not_applicable": "n/a：微调前没有得分（{reason}）",
    "quality.scored_in_part": "{split}：只在 {rows} 行中的 {scored} 行上计分",
    "quality.seeds_failed": (
        "{cell} × {recipe}：{planned} 个种子中有 {failed} 个失败，均值只含其余种子"
    ),
    "quality.others": "其他指标：{task}（{metrics}）",
    "quality.other_caption": "{metric}，微调后 [下限, 上限]",
    "quality.seeds": "各随机种子的得分：{task}",
    "quality.seeds_caption": "{split}{metric}，微调后",
    "quality.seed": "种子 {seed}",
    "quality.classes": "各类别的 F1（%）：{task}（{classes} 类中的 {shown} 类）",
    "quality.hardest_classes": "最难类别的 F1（%）：{task}（{classes} 类中的 {shown} 类）",
    # speed and cost
    "cost.heading": "速度与开销",
    "cost.how": (
        "数值是同一组合各种子的均值，方括号内是实测的置信区间。"
        "线性探测的分类头在已提取的特征上训练，其训练吞吐量不能与整个模型相比。"
        "只有独占机器的试验之间才能比较速度。"
    ),
    "cost.setup": "环境 {letter}：{device}，{threads} 线程",
    "cost.absent": "未测量或不适用：{columns}。",
    "cost.note": "{columns}：{note}",
    "speed.caption": "整个模型的吞吐量",
    "speed.probe_caption": "线性探测的吞吐量：先提取一次特征，再训练分类头",
    "speed.train_samples": "训练（样本/秒）",
    "speed.train_tokens": "训练（token/秒）",
    "speed.padding": "填充效率",
    "speed.inference_samples": "推理（样本/秒）",
    "speed.inference_tokens": "推理（token/秒）",
    "speed.feature_samples": "特征提取（样本/秒）",
    "speed.feature_tokens": "特征提取（token/秒）",
    "speed.head_samples": "分类头训练（样本/秒）",
    "speed.data_wait": "等待数据占比",
    "speed.transfer": "拷贝到设备占比",
    "cost.time_caption": "单次试验的耗时",
    "cost.memory_caption": "内存、显存与参数量",
    "cost.seconds": "整个试验（秒）",
    "cost.train_seconds": "选中的训练（秒）",
    "cost.tuning_seconds": "未选中的学习率（秒）",
    "cost.feature_seconds": "特征提取（秒）",
    "cost.reused_seconds": "其中来自缓存的特征（秒）",
    "cost.peak_rss": "内存峰值",
    "cost.peak_rss_growth": "内存峰值增量",
    "cost.peak_cuda": "显存峰值",
    "cost.peak_cuda_reserved": "显存峰值（含预留）",
    "cost.parameters": "参数量",
    "cost.trainable": "可训练参数量",
    "grid.summary": "学习率网格：未选中的学习率共花费 {seconds} 秒",
    "grid.how": (
        "训练方案中的每个学习率都会完整训练一遍，保留验证集上最好的一个；测试集不参与选择。"
    ),
    "grid.edge": "选中的学习率位于网格边缘，扩大网格或许更好：{trials}。",
    "grid.rate": "学习率",
    "grid.validation": "验证集得分",
    "grid.score": "{metric} {value}",
    "grid.best_step": "最佳步数 / 总步数",
    "grid.seconds": "耗时（秒）",
    "grid.remark": "备注",
    "grid.chosen": "选中",
    "grid.diverged": "发散",
    "grid.stopped": "早停",
    # inputs
    "models.heading": "模型",
    "models.note": "{model}：{note}",
    "recipes.heading": "训练方案",
    "recipes.name": "{recipe}：{strategy}",
    "recipes.training": (
        "；学习率 {rates}，{epochs} 轮，批大小 {batch_size}，优化器 {optimizer}，"
        "学习率调度 {schedule}，精度 {precision}"
    ),
    "recipes.patience": "，连续 {patience} 次评估无提升即早停",
    "recipes.described": "。{description}",
    "data.heading": "数据",
    "data.task": "{task} 的数据划分",
    "data.dropped": "剔除（{reason}）：{count} 行",
    "data.nothing_dropped": "没有剔除任何数据。",
    "sources.summary": "权重与数据的来源",
    "sources.how": "摘要由文件内容算出，文件不同则摘要不同。",
    "sources.hub": "Hugging Face：{repo}，版本 {revision}",
    "sources.unpinned": "未固定",
    "sources.package": "Python 包 {distribution} {version}",
    "sources.folder": "本地文件夹",
    "sources.random": "随机初始化",
    "sources.files": "本地文件",
    "sources.bundled": "随 mmbench 发布",
    # failed and refused
    "unfinished.heading": "失败与未运行",
    "unfinished.nothing": "没有失败的试验，也没有未运行的组合。",
    "unfinished.every_seed": "全部",
    "unfinished.no_reason": "记录中没有写明原因",
    "unfinished.how": (
        "“未运行”是指模型不具备任务所需的能力，因此一开始就没有运行。失败的完整调用栈见对应的记录。"
    ),
    # environment
    "environment.heading": "运行环境",
    "environment.setup": "环境 {letter}",
    "environment.fact": "项目",
    "environment.value": "内容",
    "environment.platform": "平台",
    "environment.cpu": "CPU",
    "environment.cores": "核数",
    "environment.memory": "内存",
    "environment.gpu": "GPU",
    "environment.device": "设备",
    "environment.threads": "线程数",
    "environment.precision": "精度",
    "environment.load": "系统平均负载",
    "environment.others": "被其他进程占用的核数",
    "environment.python": "Python",
    "environment.libraries": "依赖库",
    "environment.code": "mmbench",
    "environment.code_of": "{code}，行为版本 {behaviour}",
    "environment.dates": "日期",
    # reproduce
    "reproduce.heading": "如何复现",
    "reproduce.command": "这些记录由以下命令得到：",
    "reproduce.records": (
        "每条记录都保存了模型与任务卡片、随机种子、摘要和版本。同一试验在同一环境下重跑，预测结果相同；"
        "换设备或线程数会使末位数值略有差异。"
    ),
    # how to read
    "reading.heading": "如何阅读本报告",
    "reading.interval": (
        "置信区间是对测试样本而言的 95% 区间：若从同一来源另取一批样本，"
        "得分大致会在多大范围内变动。"
    ),
    "reading.method": "{metric}的置信区间：{methods}。",
    "reading.envelope": (
        "有多个种子时，数值是各种子的均值，区间是各种子区间的包络（最低下限到最高上限）。"
        "这是有意从严：寥寥几个种子不足以单独估计区间。"
    ),
    "reading.one_seed": "每个组合只有一个种子，因此得分随种子波动的幅度未知。",
    "reading.best": (
        "只有当一个组合的置信区间整体优于其他所有组合时，才称它“最好”。区间重叠并不说明两者相同："
        "在同一批样本上做配对检验，或许能区分更多组合。"
    ),
    "reading.not_covered": (
        "置信区间不涵盖以下因素：换了来源的数据、标注错误、学习率的选择，以及训练更久可能达到的效果。"
    ),
    "reading.order": (
        "学习率和最佳步数是用验证集选出的，因此验证集得分偏乐观；训练集得分用来观察过拟合。"
    ),
    "reading.marks": (
        "预训练（pretrained）：权重有来源；随机初始化（scratch）：权重从随机值开始，"
        "只说明该架构本身能学到什么，不代表同系列模型的水平。"
    ),
    "reading.speed": (
        "吞吐量是预热之后稳定阶段的工作量除以用时，不含评估。token 指真实 token，"
        "填充效率是真实 token 占送入模型的全部 token 的比例。"
    ),
    "reading.features": (
        "线性探测先提取一次特征，再在特征上训练分类头。来自缓存的特征不计入试验耗时，其首次计算的耗时单独列出。"
    ),
    "reading.memory": (
        "内存峰值是进程常驻内存的最大值，包含 Python 及依赖库；增量从试验开始时算起。"
    ),
}
