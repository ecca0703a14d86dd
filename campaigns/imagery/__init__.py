"""Images as files: tell what they are, refuse what would hurt, read and show them. Knows nothing of the database.

``probe`` takes a stranger's file and gives its facts or raises ``Refused``; ``read_window`` reads any image in its own pixel
type, ``read_rgb`` as networks and eyes want it; ``render_tile`` and ``thumbnail`` are for pages, ``as_geotiff_bytes`` and
``encode_image`` for models.
"""

from campaigns.imagery.facts import CONTENT_TYPES, EXTENSIONS, ImageFacts, needs_tiles
from campaigns.imagery.gdal import configure as _configure
from campaigns.imagery.probing import probe
from campaigns.imagery.pyramids import is_large, needs_pyramid, tile_source
from campaigns.imagery.reader import Layout, WindowPx, layout_of, read_window
from campaigns.imagery.refusal import LIMITS, Limits, Refused
from campaigns.imagery.render import Style, encoded, read_rgb, rendered, thumbnail
from campaigns.imagery.sidecars import sidecar, sidecars_of, written_atomically
from campaigns.imagery.sniffing import HEAD_BYTES, is_zip, sniff
from campaigns.imagery.statistics import BandStatistics, band_statistics
from campaigns.imagery.tiles import Tile, max_zoom, render_tile
from campaigns.imagery.wire import as_geotiff_bytes, as_picture, encode_image

_configure()  # before anything opens a file

__all__ = [
    "CONTENT_TYPES", "EXTENSIONS", "HEAD_BYTES", "LIMITS", "BandStatistics", "ImageFacts", "Layout", "Limits", "Refused", "Style", "Tile",
    "WindowPx", "as_geotiff_bytes", "as_picture", "band_statistics", "encode_image", "encoded", "is_large", "is_zip", "layout_of",
    "max_zoom", "needs_pyramid", "needs_tiles", "probe", "read_rgb", "read_window", "render_tile", "rendered", "sidecar", "sidecars_of",
    "sniff", "thumbnail", "tile_source", "written_atomically",
]  # fmt: skip
