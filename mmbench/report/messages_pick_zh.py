"""“如何选择”一节与名次的中文文案；键与 messages_pick_en 相同。"""

MESSAGES = {
    "pick.heading": "如何选择",
    "pick.how": (
        "依据各任务主测试集上的主指标。区间互有重叠时，将最好的一个与其余各个在相同样本上做配对检验"
        "（双侧，按全部两两比较做 Holm 校正，5%）。"
        "仍无法分出高下时，给出冷启动下单次试验耗时最少的一个；未得到证实的差异不作为理由。"
    ),
    "pick.limits": "限制条件：{limits}。",
    "pick.max_latency_ms": "单样本延迟中位数不超过 {value} 毫秒",
    "pick.max_memory_gb": "训练内存峰值不超过 {value} GB",
    "pick.min_samples_per_second": "推理速度不低于每秒 {value} 个样本",
    "pick.best": "{task}：选 {cell}。其{metric}的整个区间优于另外 {others} 个组合。",
    "pick.tied": (
        "{task}：选 {cell}，它耗时最少（单次试验 {seconds} 秒）；"
        "按{metric}无法与以下组合分出高下：{others}。"
    ),
    "pick.paired": (
        "{task}：选 {cell}。各区间互有重叠，但在相同样本上按{metric}做配对检验，它优于 {beaten}。"
    ),
    "pick.beaten": "{cell}（{p}）",
    "pick.paired_rest": "与 {others} 则无法分出高下。",
    "pick.open": "{task}：按{metric}无法分出高下，且运行环境不同，开销也不可比：{cells}。",
    "pick.only": "{task}：只有 {cell} 有得分，没有可供选择的对象。",
    "pick.only_above": "{task}：选 {cell}，只有它被证实优于{baseline}。",
    "pick.below": "{task}：都不选。没有任何组合被证实优于{baseline}。",
    "pick.none": "{task}：没有组合满足限制条件。",
    "pick.unmeasured": "另有 {count} 个组合缺少限制条件所需的测量值，未参与选择。",
    "pick.unread": "部分预测文件无法读取，未能做配对检验：{reason}。",
    "pick.one_seed": "只有一个种子，换一个种子结果可能不同。",
    "pick.leaderboard": "各任务名次",
    "pick.ranks": (
        "名次等于整个区间都更好的组合个数加一，无法分出高下的组合可以并列。归一化得分为"
        "（得分 − 基线）/（最优值 − 基线）：0 相当于基线，1 为满分；指标没有最优值时记为“–”。"
    ),
    "pick.rank": "名次",
    "pick.normalised": "归一化得分",
    "pick.overall": "所有任务的综合名次",
    "pick.overall_how": (
        "仅列出在全部 {tasks} 个任务上都有得分的模型与训练方案组合。"
        "各任务等权取名次均值；任务差异很大，均值只能作粗略参考。"
    ),
    "pick.mean_rank": "平均名次",
    "pick.mean_normalised": "平均归一化得分",
}
