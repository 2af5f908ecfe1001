"""The English words of the page, which only a page has.

Keys are those of messages_page_zh.
"""

MESSAGES = {
    "html.language": "English",
    "html.contents": "Contents",
    "html.filter_all": "Filter all tables",
    "html.filter_rows": "Filter rows",
    "html.rows_shown": "{shown} of {all} rows",
    "html.note": "Note:",
    "html.warning": "Warning:",
    "html.no_script": "Without scripts the tables cannot be sorted or filtered; all else is here.",
}
