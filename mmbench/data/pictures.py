"""Encoded images → pictures, whatever they are for: upright, on white, and their thumbnails."""

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from mmbench.data.examples import EncodedMedia

MAX_PIXELS = 50_000_000

# without EPS and PDF, for which Pillow starts another program on the file's content
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000", "PPM", "ICO")

# what Pillow's decoders were seen to raise on damaged files; a subclass of Exception that is not
# here would be a bug of ours and should not be counted as a bad image
UNREADABLE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def picture(image: EncodedMedia) -> Image.Image:
    """RGB: the first frame, upright, on white. One of UNREADABLE if it cannot be read."""
    Image.init()
    known = [name for name in FORMATS if name in Image.OPEN]
    with Image.open(BytesIO(image) if isinstance(image, bytes) else image, formats=known) as opened:
        check_size(*opened.size)
        opened.load()
        return _rgb(ImageOps.exif_transpose(opened))


def thumbnail(image: EncodedMedia, side: int) -> bytes:
    """The picture as WebP, at most `side` pixels wide and high. One of UNREADABLE if it cannot be
    read."""
    small = picture(image)
    small.thumbnail((side, side))
    file = BytesIO()
    small.save(file, "WEBP", quality=80)
    return file.getvalue()


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):  # 16 bits a pixel; Pillow's own conversion clips them
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode} have no fixed range; save as 8-bit RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def check_size(width: int, height: int) -> None:
    """ValueError for more pixels than any sample needs: a bomb, or a card's mistake."""
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} × {height} pixels; at most {MAX_PIXELS // 10**6} million")
