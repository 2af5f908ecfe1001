"""The Chinese wording of what trials note and how they fail.

Keys are those of messages_notes_en; `notes.py` says which sentence each stands for.
"""

MESSAGES = {
    "note.no_joint_space": "该模型没有输入与标签的共同表示空间",
    "note.diverged": "学习率 {rate} 在第 {step} 步发散，不参与选择",
    "note.diverged_outputs": "学习率 {rate} 训练发散，不参与选择",
    "note.short": "计时过短：只有 {found} 个计时窗口，至少应有 {wanted} 个，请用更多数据测量",
    "note.measured_earlier": "为首次提取特征时所测",
    "note.not_defined": "无定义：{undefined}",
    "undefined.classes": "全部样本同属一类",
    "undefined.labels": "没有任何标签有正例",
    "undefined.words": "所有句子都没有词",
    "undefined.references": "所有参考文本都是空的",
    "note.no_head": "任务头尚未训练，微调前无法评分",
    "note.random_writer": "随机权重，尚未学会生成文本",
    "note.unread_words": "{words} 个词中有 {unread} 个没有对应的 token，按 O 计",
    "note.unseen_characters": "参考文本的 {characters} 个字符中有 {unseen} 个未在训练文本中出现过",
    "note.one_group": "全部样本同属一组，无法给出区间",
    "note.whole_process": "试验前未能重置峰值，此为整个进程的峰值",
    "note.other_work": ("其他进程占用了 {cores} 核中的 {busy} 核：速度不可比，请在机器空闲时重跑"),
    "note.no_common_space": "该模型没有图像与文本的共同空间",
    "note.no_prompts": "任务没有该模型所用语言的提示词",
    "note.timed_earlier": "为同一单元此前的试验计时时所测",
    "note.counted_rows": "按测试集的 {rows} 行计算，含填充",
    "note.loaded_earlier": "为此前的试验加载这些权重时所测",
    "note.shared_start": "由同一进程的各次试验共享，只计一次",
    "note.never_settled": (
        "计时窗口一直在变化，预热按全程的五分之一截止；要测得稳定阶段，请延长训练"
    ),
    "note.few_samples": "p{percent} 至少需要 {wanted} 个样本，实际只有 {found} 个",
    "note.spread": ("{timed}各计时窗口的四分位距达 {share}"),
    "note.slower": ("{timed}的后半段比前半段慢 {share}"),
    "note.faster": ("{timed}的后半段比前半段快 {share}"),
    "note.unsettled": "{timed}的计时窗口一直在变化，预热未能结束",
    "note.throttled": ("设备降低了时钟频率（{reasons}）"),
    "note.calibration": ("同样的{kernel}，试验之后的耗时比试验之前{change}"),
    "timed.training": "训练",
    "timed.inference": "推理",
    "kernel.product": "矩阵乘法",
    "kernel.copy": "内存拷贝",
    "change.longer": "长 {share}",
    "change.less": "短 {share}",
    "note.few_rows": "{classes} 个类别中有 {short} 个的训练样本不足 {shots} 条，已全部使用",
    "note.head_taken": "沿用其任务头",
    "note.head_labels": "标签与本任务不同：任务头重新初始化",
    "note.head_form": "任务头的结构与本配方不同：任务头重新初始化",
    "note.head_random": "预训练任务头随机初始化",
    # why a trial failed
    "failure.nan": (
        "训练损失在第 {step} 步变为 {loss}；请调低学习率、加大 warmup，或设置 clip_norm"
    ),
    "failure.worker": "工作进程在“{during}”阶段{what}：{advice}",
    "failure.not_ready": "工作进程在就绪之前{what}：{said}",
    "failure.printed_nothing": "没有任何输出",
    "failure.not_startable": "无法启动工作进程：{reason}。使用 --executor inline 则无需启动",
    "failure.killed": "被信号 {signal} 终止",
    "failure.late": "超过 {seconds} 秒的时限而被停止",
    "failure.late_unknown": "超过时限而被停止",
    "failure.no_record": "以状态码 {status} 退出，没有留下记录",
    "failure.garbled": "发来的 {said} 不是约定的消息",
    "failure.silent": "关闭了管道却仍在运行",
    "failure.crashed": ("原生代码崩溃，位置见记录中的调用栈；请向其中的依赖库报告，或换一个版本"),
    "failure.memory": (
        "被外部终止或内存不足：请在内核日志（dmesg）中查找“Out of memory”；"
        "减小 batch_size 或 --limit 可降低内存占用"
    ),
    "failure.ended": "有人终止了它；再次执行同一命令即可重跑该试验",
    "failure.exited": (
        "其中某处调用了 exit；最后的输出见记录中的调用栈，使用 --executor inline 可看到全部输出"
    ),
    "failure.slow": (
        "请调大 --trial-minutes，或减少试验的工作量；停止时所在的位置见记录中的调用栈"
    ),
    "failure.pipes": (
        "其中某处使用了并非由它打开的文件描述符；使用 --executor inline 可看到是什么"
    ),
}
