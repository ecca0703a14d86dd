"""Settings of GDAL for the whole process; import this before anything opens a raster.

An uploaded file must never make GDAL look anywhere else. A VRT is a text file that names other files and addresses, and
GDAL recognises it whatever it is called; so the drivers that follow references are not even registered, no sidecar file is
looked for or written, and every opening names its driver (https://github.com/developmentseed/titiler/discussions/1187).
"""

import os

_REFERRING_DRIVERS = (
    "VRT", "DERIVED", "GTI", "WMS", "WMTS", "WCS", "HTTP", "STACTA", "STACIT", "PLMOSAIC", "DAAS", "EEDA", "EEDAI", "MRF", "ESRIC",
    "XYZ", "PDF", "PDS", "PDS4", "VICAR", "ISIS3", "ISIS2", "TIL", "ECRGTOC", "RPFTOC", "SENTINEL2", "SAFE", "Rasterlite", "SQLite",
    "GPKG", "MBTiles", "KMLSUPEROVERLAY", "MVT", "OSM", "GeoJSON", "GeoJSONSeq", "ESRIJSON", "TopoJSON", "Zarr", "netCDF", "HDF5",
    "HDF5Image", "NITF", "ENVI", "EHdr", "RRASTER", "CALS", "BAG", "S102", "S104", "S111", "DIMAP", "RS2", "TSX",
)  # fmt: skip

_SETTINGS = {
    "GDAL_SKIP": ",".join(_REFERRING_DRIVERS),
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_CACHEMAX": "64",
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    "GDAL_NUM_THREADS": "1",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
}


def configure() -> None:
    """Set what GDAL reads from the environment when it starts; an operator's own values stay."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
