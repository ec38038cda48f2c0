//! Models from ONNX and TFLite files, and from PyTorch.

use cnn_import::{File, Options};
use cnn_net::op::Shape;

/// Imports a model. Whatever it is, the result is a net or an error in words, and a net that is declared is read as what it is.
pub fn import(data: &[u8]) {
    check(&File::new(data.to_vec()));
}

/// The same for a model by `cnn_export`: its graph, a byte of zero, its tensors.
pub fn exported(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (graph, tensors) = data.split_at(end);
    check(&File::exported(graph.to_vec(), tensors.get(1..).unwrap_or_default().to_vec()));
}

fn check(file: &File) {
    for input in [None, Some(Shape::map(3, 8, 8))] {
        match file.import(&Options { name: Some("Net".to_owned()), input }) {
            Ok(net) => net.with(|graph| {
                let text = net.declaration();
                assert!(text.parse::<proc_macro2::TokenStream>().is_ok(), "{text}");
                // What only weights hold is no part of the graph.
                let written = text.replacen("#[algorithm(folded)]\n", "", 1);
                assert_eq!(cnn_net::language::declaration(graph), Ok(written));
            }),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
