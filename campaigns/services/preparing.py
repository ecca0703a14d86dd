"""Make tiles of large images cheap before anybody looks at them."""

from __future__ import annotations

from campaigns.imagery import Refused, band_statistics, tile_source
from campaigns.models import Image
from campaigns.runs import RunContext
from campaigns.storage import image_path


def execute_prepare(context: RunContext) -> dict[str, object]:
    """Build the pyramid of each image of the run and measure its bands; what is there already is passed over."""
    images = list(Image.objects.filter(pk__in=context.run.params["images"]).order_by("pk"))
    failed = 0
    for done, image in enumerate(images, start=1):
        try:
            tile_source(image_path(image))
            band_statistics(image_path(image), None if image.bands <= 16 else [1, 2, 3])
        except (Refused, OSError) as error:
            failed += 1
            context.log(f"{image.name}: {error}")
        context.progress(done=done - failed, failed=failed, total=len(images), message=f"Preparing {image.name}")
    return {"prepared": len(images) - failed}
