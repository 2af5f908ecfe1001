"""网页报告特有的中文文案；键与 messages_page_en 相同。"""

MESSAGES = {
    "html.language": "中文",
    "html.contents": "目录",
    "html.filter_all": "筛选所有表格",
    "html.filter_rows": "筛选行",
    "html.rows_shown": "显示 {shown} / {all} 行",
    "html.note": "提示：",
    "html.warning": "警告：",
    "html.no_script": "未启用脚本，表格无法排序或筛选，其余内容不受影响。",
}
