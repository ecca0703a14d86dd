"""Images to a network's tensors, and its tensors to what it says of the image: arrays alone, no sockets and no files.

``settings`` say what a network takes and gives. ``placement`` is where the image lies in the network's input, and the way
back to its pixels; ``images`` makes the input tensor, ``wire`` carries tensors as the Open Inference Protocol does, as
JSON or as bytes. ``presets`` names the ways to read outputs and guesses which of them fits: numbers per class (``scores``),
boxes and raw YOLO heads (``boxes``, ``nms``), class maps, logits per pixel and masks from prototypes (``pixels``).
"""
