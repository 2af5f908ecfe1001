"""调参开销与收益的中文文案；键与 messages_tune_en 相同。"""

MESSAGES = {
    "tune.heading": "调参：开销，以及默认设置差多少",
    "tune.how": (
        "每个模型尝试的设置个数相同，且只使用验证集；第一组即训练方案自身的默认设置。"
        "调参后的验证集得分是多次尝试中的最大值，因而偏高，请以测试集为准。"
        "测试集上的“默认”取自未调参、其余完全相同的训练方案。"
    ),
    "tune.trials": "设置数",
    "tune.pruned": "剪枝",
    "tune.gave_up": "发散或内存不足",
    "tune.seconds": "耗时（秒）",
    "tune.samples": "训练样本数",
    "tune.default_validation": "验证集（默认）",
    "tune.tuned_validation": "验证集（调参后）",
    "tune.default_test": "测试集（默认）",
    "tune.tuned_test": "测试集（调参后）",
    "tune.setting": "选中的设置",
    "tune.unequal": "预算不一致：设置数为 {budgets}，这些训练方案的得分不可比较。",
    "tune.failed": "{trial} 的搜索失败：{reason}",
    "tune.summary": "尝试过的全部设置：{count} 组",
    "tune.number": "序号",
    "tune.values": "设置",
    "tune.steps": "步数",
    "tune.is_default": "默认",
    "tune.is_pruned": "已剪枝",
    "tune.is_diverged": "发散",
    "tune.is_out_of_memory": "内存不足",
    "tune.is_chosen": "选中",
}
