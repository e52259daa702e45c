"""The formats of a line: each a function from a record to bytes without a line break.

Whatever stands in a record, its line has no control character in it, and making it never fails.
"""

from pegboard_logging.formats.table import FORMATS, Format, make_format

__all__ = ["FORMATS", "Format", "make_format"]
