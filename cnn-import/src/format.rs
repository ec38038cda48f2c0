//! Files of other formats that people pass as models by mistake, and how to get a model from them.

/// How files of other formats begin: the position and the bytes; then what they are, and what to do.
const SIGNS: [(usize, &[u8], &str, &str); 12] = [
    (0, b"PK\x03\x04", "a zip archive, such as PyTorch's .pt, .pth and .pt2, or Keras' .keras", EXPORT),
    (0, b"\x80\x02", "a pickle, such as PyTorch's old .pt and .pth", EXPORT),
    (0, b"\x80\x04\x95", "a pickle, such as a PyTorch model in one", EXPORT),
    (0, b"\x80\x05\x95", "a pickle, such as a PyTorch model in one", EXPORT),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5, such as Keras' .h5", EXPORT),
    (8, b"{\"", "safetensors, which are weights without a graph", EXPORT),
    (0, b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (0, b"version https://git-lfs", "a Git LFS pointer", "fetch the file itself with `git lfs pull`"),
    (0, b"<!DOCTYPE", "a web page, perhaps of a failed download", DOWNLOAD),
    (0, b"<!doctype", "a web page, perhaps of a failed download", DOWNLOAD),
    (0, b"<html", "a web page, perhaps of a failed download", DOWNLOAD),
    (0, b"<?xml", "XML, such as a net of OpenVINO", EXPORT),
];

const EXPORT: &str = "export the model itself, with the Python package `cnn_export`, as ONNX or as TFLite";
const DOWNLOAD: &str = "download the model once more";

/// Why a file is not a model, if that is known.
pub(crate) fn other(bytes: &[u8]) -> Option<String> {
    let is_it = |at: usize, sign: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(sign));
    let (.., what, help) = SIGNS.iter().find(|(at, sign, ..)| is_it(*at, sign))?;
    Some(format!("it looks like {what}\n  help: {help}"))
}

#[cfg(test)]
mod tests {
    use super::other;

    #[test]
    fn what_is_no_model_is_recognised() {
        for (bytes, words) in [
            (&b"PK\x03\x04 and more"[..], ".pth"),
            (b"<!DOCTYPE html>", "web page"),
            (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
            (b"\x40\0\0\0\0\0\0\0{\"conv1.weight\":{}}", "weights without a graph"),
        ] {
            assert!(other(bytes).is_some_and(|why| why.contains(words)), "{words}");
        }
        assert_eq!(other(b"\x08\x08\x12\x07pytorch"), None);
    }
}
