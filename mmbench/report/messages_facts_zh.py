"""The Chinese sentences on costs, on what was used, and on how to read a report.

Keys are those of messages_facts_en.
"""

MESSAGES = {
    # speed and cost
    "cost.heading": "速度与开销",
    "cost.how": (
        "数值是同一组合各种子的均值，方括号内是实测的置信区间。"
        "探测（probe）的任务头在已提取的特征上训练，其训练吞吐量不能与整个模型相比。"
        "只有独占机器的试验之间才能比较速度。"
    ),
    "cost.pairs": "图文任务中，一个样本是一对：一张图加一条文本。",
    "cost.setup": "环境 {letter}：{device}，{threads} 线程",
    "cost.absent": "未测量或不适用：{columns}。",
    "cost.note": "{columns}：{note}",
    "speed.caption": "整个模型的吞吐量",
    "speed.probe_caption": "探测（probe）的吞吐量：先提取一次特征，再训练任务头",
    "speed.train_samples": "训练（样本/秒）",
    "speed.train_tokens": "训练（token/秒）",
    "speed.train_audio": "训练（音频秒/秒）",
    "speed.padding": "填充效率",
    "speed.inference_samples": "推理（样本/秒）",
    "speed.inference_tokens": "推理（token/秒）",
    "speed.inference_audio": "推理（音频秒/秒）",
    "speed.feature_samples": "特征提取（样本/秒）",
    "speed.feature_tokens": "特征提取（token/秒）",
    "speed.feature_audio": "特征提取（音频秒/秒）",
    "speed.feature_images": "图像特征提取（样本/秒）",
    "speed.feature_texts": "文本特征提取（样本/秒）",
    "speed.feature_text_tokens": "文本特征提取（token/秒）",
    "speed.head_samples": "任务头训练（样本/秒）",
    "speed.data_wait": "等待数据占比",
    "speed.transfer": "拷贝到设备占比",
    "cost.time_caption": (
        "单次试验的耗时。冷启动耗时：在独立进程中单独运行、缓存为空时所需的时间，"
        "即启动 + 试验本身 + 此前的试验替它省下的时间；分摊耗时：在本次运行中的实际用时，"
        "进程启动只计入该进程的第一个试验。"
    ),
    "cost.at_least": "≥：单独运行至少需要这么久；启动时间未测得（inline 执行器，或旧版记录）。",
    "cost.total": (
        "共 {count} 次试验（含失败的），本次运行合计 {here} 秒；"
        "若逐个单独冷启动，合计需 {alone} 秒。"
    ),
    "cost.memory_caption": "内存、显存与参数量",
    "cost.alone": "冷启动耗时（秒）",
    "cost.here": "分摊耗时（秒）",
    "cost.import_seconds": "进程启动（秒）",
    "cost.load_seconds": "加载权重（秒）",
    "cost.reused_seconds": "由此前试验省下（秒）",
    "cost.train_seconds": "选中的训练（秒）",
    "cost.tuning_seconds": "未选中的学习率（秒）",
    "cost.feature_seconds": "特征提取（秒）",
    "cost.feature_seconds_reused": "其中来自缓存的特征（秒）",
    "cost.peak_rss": "内存峰值",
    "cost.peak_rss_growth": "内存峰值增量",
    "cost.peak_cuda": "显存峰值",
    "cost.peak_cuda_reserved": "显存峰值（含预留）",
    "cost.model": "其中模型",
    "cost.gradient": "梯度",
    "cost.optimizer": "优化器",
    "cost.activation": "激活值",
    "cost.parameters": "参数量",
    "cost.trainable": "可训练参数量",
    "cost.flops": "每次应答的计算量（GFLOP）",
    # how the timing was made
    "timing.summary": "单样本延迟与训练时间明细",
    "timing.unstable_how": (
        "计时不稳定：以下试验的速度波动超出了安静机器应有的范围，质量分数不受影响。"
        "请关闭其他程序（设备降频的，先待其降温）后重跑，"
        "或改用交替运行的 mmbench gate --against 来比较两个程序。"
    ),
    "timing.unstable_item": "{trial}：{reasons}",
    "timing.unstable_rest": "……另有 {count} 次试验计时不稳定，详见各自的记录。",
    "timing.latency_how": (
        "逐个样本推理，单位为毫秒：半数样本的延迟不超过 p50，95% 的样本不超过 p95。"
        "“模型”从 token 或像素算起；“预处理”指对原始文本分词，或对图像文件解码并缩放。"
        "样本满 1,000 个才给出 p99。"
    ),
    "timing.latency_caption": "延迟（批大小为 1）",
    "timing.latency_p50": "模型 p50（毫秒）",
    "timing.latency_p95": "模型 p95（毫秒）",
    "timing.latency_p99": "模型 p99（毫秒）",
    "timing.preparing_p50": "预处理 p50（毫秒）",
    "timing.whole_p50": "含预处理 p50（毫秒）",
    "timing.whole_p95": "含预处理 p95（毫秒）",
    "timing.account_how": (
        "吞吐量只统计预热之后的时间；当各计时窗口只剩噪声波动时，即视为预热结束。"
        "“暂停”指验证和进度输出；“未计入”是选中训练中未被任何一项计时覆盖的时间占比，"
        "超过 5% 说明训练循环中另有未察觉的开销。"
    ),
    "timing.account_caption": "选中训练的时间明细",
    "timing.setup": "准备（秒）",
    "timing.warmup": "预热（秒）",
    "timing.warmup_windows": "预热（窗口数）",
    "timing.paused": "暂停（秒）",
    "timing.compile": "编译（秒）",
    "timing.unaccounted": "未计入",
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
    "curve.summary": "学习曲线：每个组合的第一个种子、选中的学习率",
    "curve.how": "每次训练最多列出 {most} 次验证：第一次、最佳、最后一次，以及其间若干次。",
    "curve.in_batch_how": (
        "批内准确率在训练过程中测得，只在括号所示大小的训练批次之内比较；"
        "它不是召回率，召回率要在整个划分的全部候选项中排名。"
    ),
    "curve.step": "步数",
    "curve.epoch": "轮数",
    "curve.train_loss": "训练损失",
    "curve.validation_loss": "验证损失",
    "curve.in_batch": "批内准确率",
    "curve.in_batch_of": "{share}（批大小 {size}）",
    "curve.best": "最佳",
    "stages.heading": "微调之前的阶段",
    "stages.how": (
        "预训练一行给出其前后在验证集输入上的损失（每个遮蔽词元的 nat 数，或每对图文的对比损失）；"
        "探测一行给出最佳学习率在验证集上的得分。这些用时不计入训练用时。"
    ),
    "stages.stage": "阶段",
    "stages.rows": "样本数",
    "stages.before": "之前",
    "stages.after": "之后",
    "stages.seconds": "秒",
    "stages.start": "从已保存的模型开始",
    "stages.pretraining": "继续预训练",
    "stages.probe": "探测",
    "stages.rate": "学习率 {rate}",
    # inputs
    "models.heading": "模型",
    "models.note": "{model}：{note}",
    "recipes.heading": "训练方案",
    "recipes.name": "{recipe}：{strategy}",
    "recipes.training": (
        "；{head}，学习率 {rates}，{epochs} 轮，批大小 {batch_size}，优化器 {optimizer}，"
        "学习率调度 {schedule}，精度 {precision}"
    ),
    "recipes.fields": "，{fields}",
    "recipes.patience": "，连续 {patience} 次评估无提升即早停",
    "recipes.described": "。{description}",
    "data.heading": "数据",
    "data.task": "{task} 的数据划分",
    "data.dropped": "剔除（{reason}）：{count} 行",
    "data.nothing_dropped": "没有剔除任何数据。",
    "sources.summary": "权重与数据的来源",
    "sources.how": "摘要由文件内容算出，文件不同则摘要不同。",
    "sources.hub": "Hugging Face：{repo}，版本 {revision}",
    "sources.modelscope": "魔搭社区（ModelScope）：{repo}，版本 {revision}",
    "sources.copy": "{told}，即 Hugging Face 上 {copied} 的{by}",
    "sources.official": "官方副本",
    "sources.mirror": "第三方镜像",
    "sources.unpinned": "未固定",
    "sources.package": "Python 包 {distribution} {version}",
    "sources.folder": "本地文件夹",
    "sources.folder_for": "本地文件夹，代替 {copied}",
    "sources.random": "随机初始化",
    "sources.random_with_tokenizer": "随机初始化；分词器：{tokenizer}",
    "sources.trained": "在各任务的训练文本上训练，词表上限 {vocabulary}",
    "sources.pair": "{image} 与 {text} 组合",
    "sources.fusion": "{image} 与 {text}，以{by}方式融合",
    "fusion.concatenation": "特征拼接",
    "fusion.gated": "门控单元",
    "fusion.cross_attention": "交叉注意力",
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
    "reading.seeds": (
        "有多个种子时，得分取各种子的均值，区间为 t 区间，"
        "同时计入种子之间的波动与测试样本的抽样误差"
        "（后者由各种子共享；自由度按 Satterthwaite 近似）。"
        "速度与内存的区间则是各种子区间的包络（最低下限到最高上限）。"
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
        "只说明该架构本身能学到什么，不代表任何系列、国家或地区的模型水平。"
        "双编码器组合中只要有一方是随机初始化，整体即为随机初始化。"
    ),
    "reading.speed": (
        "吞吐量是预热之后稳定阶段的工作量除以用时，不含评估。token 指真实 token，"
        "填充效率是真实 token 占送入模型的全部 token 的比例。"
    ),
    "reading.features": (
        "探测（probe）先提取一次特征，再在特征上训练任务头。来自缓存的特征不计入试验的实际用时，其首次计算的耗时单独列出。"
    ),
    "reading.memory": (
        "内存峰值是进程常驻内存的最大值，包含 Python 及依赖库；增量从试验开始时算起。"
    ),
}
