"""Mappings to start from: what well-known servers take and answer."""

from __future__ import annotations

from typing import Any

JSON_DEFAULT = "JSON"
_SCORES_HERE = {"items": "$", "scores": "$"}

PRESETS: dict[str, dict[str, Any]] = {
    # {"image": "<base64>"} in, {"predictions": [{"label", "score", "box": [x0, y0, x1, y1]}]} out.
    JSON_DEFAULT: {
        "request": {"image": {"as": "base64", "at": "image"}, "body": {}},
        "answer": {
            "items": "predictions[*]", "label": "label", "score": "score", "box": {"at": "box", "order": "xyxy", "coords": "pixel"},
            "polygon": "polygon", "mask": "mask", "keypoints": {"at": "keypoints", "x": "x", "y": "y", "name": "name", "score": "score"},
        },
    },
    # https://github.com/pytorch/serve/blob/master/ts/torch_handler/image_classifier.py: {"tabby": 0.42, "tiger cat": 0.3}
    "TorchServe image_classifier": {"request": {"image": {"as": "body"}}, "answer": _SCORES_HERE},
    # …/object_detector.py: [{"person": [x0, y0, x1, y1], "score": 0.99}]
    "TorchServe object_detector": {
        "request": {"image": {"as": "body"}},
        "answer": {"items": "$[*]", "label": "$key", "box": {"at": "$value", "order": "xyxy", "coords": "pixel"}, "score": "score"},
    },
    # …/image_segmenter.py: [H][W][class, probability] of the middle of the picture, which its transform cuts out.
    "TorchServe image_segmenter": {
        "request": {"image": {"as": "body"}},
        "answer": {"raster": {"at": "$", "cells": "class_probability", "crop": [256, 224]}},
    },
    # https://docs.aws.amazon.com/sagemaker/latest/dg/image-classification.html: [0.1, 0.9]
    "SageMaker classification": {"request": {"image": {"as": "body"}}, "answer": _SCORES_HERE},
    # https://docs.aws.amazon.com/sagemaker/latest/dg/object-detection-in-formats.html
    "SageMaker detection": {
        "request": {"image": {"as": "body"}},
        "answer": {
            "items": "prediction[*]", "index": "[0]", "score": "[1]",
            "box": {"at": ["[2]", "[3]", "[4]", "[5]"], "order": "xyxy", "coords": "normalized"},
        },
    },
    # https://cloud.google.com/vertex-ai/docs/image-data/classification/interpret-results
    "Vertex AI classification": {
        "request": {"image": {"as": "base64", "at": "instances[0].content"},
                    "body": {"instances": [{"content": None}], "parameters": {"confidenceThreshold": 0.0, "maxPredictions": 10}}},
        "answer": {"items": "predictions[0]", "label": "displayNames[*]", "score": "confidences[*]", "version": "deployedModelId"},
    },
    # …/object-detection/interpret-results: bboxes are [xMin, xMax, yMin, yMax]
    "Vertex AI detection": {
        "request": {"image": {"as": "base64", "at": "instances[0].content"},
                    "body": {"instances": [{"content": None}], "parameters": {"confidenceThreshold": 0.1, "maxPredictions": 100}}},
        "answer": {
            "items": "predictions[0]", "label": "displayNames[*]", "score": "confidences[*]", "version": "deployedModelId",
            "box": {"at": "bboxes[*]", "order": "xxyy", "coords": "normalized", "missing_zero": True},
        },
    },
    # https://mlflow.org/docs/latest/deployment/deploy-model-locally.html: what "predictions" holds is the model's own
    "MLflow inputs": {
        "request": {"image": {"as": "base64", "at": "inputs[0]"}, "body": {"inputs": [None]}},
        "answer": {"items": "predictions[0]", "scores": "$"},
    },
    "MLflow dataframe_split": {
        "request": {"image": {"as": "base64", "at": "dataframe_split.data[0][0]"},
                    "body": {"dataframe_split": {"columns": ["image"], "data": [[None]]}}},
        "answer": {
            "items": "predictions[*]", "label": "label", "score": "score",
            "box": {"at": ["xmin", "ymin", "xmax", "ymax"], "order": "xyxy", "coords": "pixel"},
        },
    },
}  # fmt: skip
