"""Exports PyTorch models for `cnn`, an ahead-of-time compiler for convolutional networks in Rust.

    import cnn_export
    cnn_export.export(model, (3, 224, 224), "resnet50.rs")

The README describes what is written.
"""

from .export import ExportError, Files, export

__all__ = ["ExportError", "Files", "export"]
