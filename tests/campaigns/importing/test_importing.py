"""Every file of an upload gets its own answer, and none stops the rest."""

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from rest_framework.response import Response
from rest_framework.test import APIClient

from campaigns.models import AnnotationSet, Campaign, Image, LabelUse, Revision, Run, User
from campaigns.runs import execute_now
from campaigns.services import importing
from campaigns.services.importing import import_files
from campaigns.storage import image_path
from tests.campaigns.samples import cutout, multispectral, picture_bytes, tiff_bytes

As = Callable[[User | None], APIClient]
pytestmark = pytest.mark.django_db


def picture(n: int, format: str = "JPEG", **options: Any) -> bytes:
    """Another picture for every number."""
    return picture_bytes(cutout(64, 48, column=100 + 70 * n), format, **options)


def upload(client: APIClient, campaign: Campaign, files: dict[str, bytes], **form: Any) -> Response:
    parts = [SimpleUploadedFile(name, content) for name, content in files.items()]
    return client.post(f"/api/v1/campaigns/{campaign.pk}/images", {"files": parts, **form}, format="multipart")


def zipped(files: dict[str, bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def outcomes(answer: Response) -> dict[str, str]:
    return {result["name"]: result["code"] or result["status"] for result in answer.data["results"]}


def stored_files(data_dir: Path) -> list[Path]:
    return [path for path in (data_dir / "images").rglob("*") if path.is_file()]


def test_images_of_every_kind_go_in(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    files = {
        "a.jpg": picture(0),
        "b.png": picture(1, "PNG"),
        "c.webp": picture(2, "WEBP"),
        "turned.jpg": picture(3, orientation=6),
        "scene.tif": tiff_bytes(multispectral(5)),
        "nowhere.tif": tiff_bytes(multispectral(1, dtype="float32"), crs=None),
    }
    answer = upload(as_user(manager), campaign, files, split="train")
    assert answer.status_code == 200
    assert (answer.data["created"], answer.data["refused"]) == (6, 0)
    images = {image.name: image for image in Image.objects.filter(campaign=campaign)}
    assert {result["name"]: result["image"] for result in answer.data["results"]} == {name: image.pk for name, image in images.items()}
    assert {image.split for image in images.values()} == {"train"}
    assert (images["turned.jpg"].width, images["turned.jpg"].height) == (48, 64)
    scene = images["scene.tif"]
    assert (scene.format, scene.bands, scene.dtype, scene.crs, len(scene.transform)) == ("TIFF", 5, "uint16", "EPSG:4326", 6)
    assert (images["nowhere.tif"].crs, images["nowhere.tif"].transform) == ("", None)
    for name, image in images.items():
        assert image_path(image).read_bytes() == files[name]
        assert image.size_bytes == len(files[name])
        assert image.path == f"{campaign.pk}/{image.sha256[:2]}/{image.sha256}{image_path(image).suffix}"


def test_a_bad_file_gets_its_reason_and_the_rest_goes_in(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    files = {
        "good.jpg": picture(0),
        "cut.jpg": picture(1)[:-100],
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "virtual.tif": b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>",
        "empty.png": b"",
        "notes.txt": b"hello",
        "again.jpg": picture(0),
    }
    answer = upload(as_user(manager), campaign, files)
    assert outcomes(answer) == {
        "good.jpg": "created",
        "cut.jpg": "truncated",
        "drawing.svg": "svg",
        "virtual.tif": "vrt",
        "empty.png": "empty_file",
        "notes.txt": "unknown_format",
        "again.jpg": "duplicate",
    }
    assert all(result["detail"] for result in answer.data["results"] if result["status"] != "created")
    assert answer.data["results"][-1]["image"] == answer.data["results"][0]["image"]
    assert len(stored_files(data_dir)) == 1


def test_a_second_upload_finds_the_duplicates(
    campaign: Campaign, make_campaign: Callable[..., Campaign], manager: User, as_user: As, data_dir: Path
) -> None:
    client = as_user(manager)
    first = upload(client, campaign, {"a.jpg": picture(0)})
    again = upload(client, campaign, {"other name.jpg": picture(0), "b.jpg": picture(1)})
    assert outcomes(again) == {"other name.jpg": "duplicate", "b.jpg": "created"}
    assert again.data["results"][0]["image"] == first.data["results"][0]["image"]
    other = make_campaign("Other")
    assert outcomes(upload(client, other, {"a.jpg": picture(0)})) == {"a.jpg": "created"}
    Image.objects.filter(campaign=campaign).delete()
    assert image_path(Image.objects.get(campaign=other)).exists()


def test_a_zip_is_opened_file_by_file(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    content = zipped(
        {
            "a.jpg": picture(0),
            "folder/deeper/b.png": picture(1, "PNG"),
            "../../escape.jpg": picture(2),
            "/etc/absolute.jpg": picture(3),
            "C:\\windows.jpg": picture(4),
            "inner.zip": zipped({"x.jpg": picture(5)}),
            "cut.jpg": picture(6)[:-50],
            "__MACOSX/._a.jpg": b"junk",
            "folder/.DS_Store": b"junk",
            "Thumbs.db": b"junk",
        }
    )
    answer = upload(as_user(manager), campaign, {"all.zip": content, "more.jpg": picture(7)})
    assert outcomes(answer) == {
        "a.jpg": "created",
        "folder/deeper/b.png": "created",
        "../../escape.jpg": "unsafe_path",
        "/etc/absolute.jpg": "unsafe_path",
        "C:\\windows.jpg": "unsafe_path",
        "inner.zip": "nested_zip",
        "cut.jpg": "truncated",
        "more.jpg": "created",
    }
    assert len(stored_files(data_dir)) == 3
    assert not list(data_dir.rglob("escape.jpg"))
    assert not any((data_dir / "incoming").iterdir())


def test_a_zip_bomb_is_refused(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    content = zipped({"bomb.png": b"\0" * 60_000_000, "a.jpg": picture(0)}, compression=zipfile.ZIP_DEFLATED)
    assert outcomes(upload(as_user(manager), campaign, {"bomb.zip": content})) == {"bomb.png": "zip_bomb", "a.jpg": "created"}


def test_a_zip_without_files_is_refused(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    empty, junk = zipped({}), zipped({"__MACOSX/._a.jpg": b"junk"})
    assert outcomes(upload(as_user(manager), campaign, {"a.zip": empty, "b.zip": junk})) == {"a.zip": "empty_zip", "b.zip": "empty_zip"}


def test_an_encrypted_member_is_refused(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    content = bytearray(zipped({"a.jpg": picture(0)}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", content, content.index(signature) + offset, 1)
    assert outcomes(upload(as_user(manager), campaign, {"secret.zip": bytes(content)})) == {"a.jpg": "encrypted"}


@pytest.mark.parametrize("kept", [0.2, 0.8])
def test_a_truncated_zip_is_refused(kept: float, campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    content = zipped({"a.jpg": picture(0), "b.jpg": picture(1)})
    assert outcomes(upload(as_user(manager), campaign, {"cut.zip": content[: int(len(content) * kept)]})) == {"cut.zip": "damaged_zip"}


def test_a_member_damaged_inside_is_refused(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    content = bytearray(zipped({"a.jpg": picture(0), "b.jpg": picture(1)}))
    content[200] ^= 255
    assert outcomes(upload(as_user(manager), campaign, {"x.zip": bytes(content)})) == {"a.jpg": "damaged", "b.jpg": "created"}


def test_large_files_land_on_disk_and_leave_nothing_behind(
    campaign: Campaign, manager: User, as_user: As, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.api.uploads.IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr("campaigns.services.incoming.IN_MEMORY_BYTES", 1000)
    files = {
        "a.jpg": picture(0),
        "cut.jpg": picture(1)[:-50],
        "again.jpg": picture(0),
        "z.zip": zipped({"b.jpg": picture(2), "c.jpg": picture(0)}),
    }
    answer = upload(as_user(manager), campaign, files)
    assert outcomes(answer) == {
        "a.jpg": "created",
        "cut.jpg": "truncated",
        "again.jpg": "duplicate",
        "b.jpg": "created",
        "c.jpg": "duplicate",
    }
    assert len(stored_files(data_dir)) == 2
    assert not any((data_dir / "incoming").iterdir())


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("manager", 200), ("reviewer", 403), ("annotator", 403), ("viewer", 403), ("stranger", 404)]
)
def test_owners_and_managers_import(
    role: str, status: int, campaign: Campaign, request: pytest.FixtureRequest, as_user: As, data_dir: Path
) -> None:
    answer = upload(as_user(request.getfixturevalue(role)), campaign, {"a.jpg": picture(0)})
    assert answer.status_code == status
    assert len(stored_files(data_dir)) == (1 if status == 200 else 0)
    assert not (data_dir / "incoming").exists() or not any((data_dir / "incoming").iterdir())


def test_labels_given_at_upload_are_submitted(campaign: Campaign, manager: User, as_user: As, data_dir: Path) -> None:
    campaign.settings = {"multi_label": True}
    campaign.save()
    answer = upload(as_user(manager), campaign, {"a.jpg": picture(0), "b.jpg": picture(1)}, labels="Water, Ice")
    assert answer.data["created"] == 2
    assert set(campaign.labels.values_list("name", flat=True)) == {"Land", "Water", "Ice"}
    assert set(Image.objects.values_list("state", flat=True)) == {"submitted"}
    assert AnnotationSet.objects.filter(state="submitted", author=manager).count() == 2
    assert LabelUse.objects.count() == 4
    assert [annotation["shape"]["type"] for annotation in Revision.objects.all()[0].annotations] == ["whole", "whole"]


def test_labels_that_do_not_fit_are_told(
    make_campaign: Callable[..., Campaign], campaign: Campaign, manager: User, as_user: As, data_dir: Path
) -> None:
    boxes = make_campaign("Boxes", task="detection")
    assert upload(as_user(manager), boxes, {"a.jpg": picture(0)}, labels="Water").data["code"] == "labels_need_shapes"
    assert upload(as_user(manager), campaign, {"a.jpg": picture(0)}, labels="Water,Land").data["code"] == "one_label_only"
    assert upload(as_user(manager), campaign, {"a.jpg": picture(0)}, split="odd").data["code"] == "invalid_split"
    assert as_user(manager).post(f"/api/v1/campaigns/{campaign.pk}/images", {}).data["code"] == "no_files"
    assert not Image.objects.exists()


def test_a_row_that_cannot_be_written_leaves_no_file(
    campaign: Campaign, manager: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(importing, "_row", fail)
    with pytest.raises(IntegrityError):
        import_files(user=manager, campaign=campaign, files=[("a.jpg", picture(0))])
    assert not stored_files(data_dir)


def test_a_large_image_is_prepared_in_the_background(campaign: Campaign, manager: User, data_dir: Path) -> None:
    content = tiff_bytes(np.zeros((1, 8, 4200), dtype=np.uint8))
    report = import_files(user=manager, campaign=campaign, files=[("strip.tif", content), ("a.jpg", picture(0))])
    assert report.created == 2
    run = execute_now(Run.objects.get(kind="prepare"))
    assert (run.state, run.result) == ("succeeded", {"prepared": 1})
    assert any(path.name.endswith("pyramid.tif") for path in stored_files(data_dir))


def test_an_image_added_by_somebody_else_meanwhile_goes_in_once(
    campaign: Campaign, manager: User, owner: User, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = importing._known
    import_files(user=owner, campaign=campaign, files=[("first.jpg", picture(0))])
    views = [dict[str, int](), dict[str, int]()]  # before and inside the first attempt, the other's row is not seen yet
    monkeypatch.setattr(importing, "_known", lambda *asked: views.pop() if views else looked(*asked))
    report = import_files(user=manager, campaign=campaign, files=[("second.jpg", picture(0)), ("b.jpg", picture(1))])
    assert (report.created, report.duplicates, views) == (1, 1, [])
    assert sorted(Image.objects.values_list("name", flat=True)) == ["b.jpg", "first.jpg"]
    assert len(stored_files(data_dir)) == 2


def test_what_was_made_from_an_image_goes_with_it(campaign: Campaign, manager: User, owner: User, as_user: As, data_dir: Path) -> None:
    import_files(user=manager, campaign=campaign, files=[("a.tif", tiff_bytes(multispectral(3))), ("b.jpg", picture(0))])
    first, second = Image.objects.order_by("pk")
    for image in (first, second):
        as_user(manager).get(f"/api/v1/images/{image.pk}/thumbnail")
    assert len(stored_files(data_dir)) > 2
    assert as_user(manager).delete(f"/api/v1/images/{first.pk}").status_code == 204
    assert {path.name.split(".")[0] for path in stored_files(data_dir)} == {second.sha256}
    assert as_user(owner).delete(f"/api/v1/campaigns/{campaign.pk}").status_code == 204
    assert not stored_files(data_dir)
