//! Models from ONNX files.

use cnn_import::{File, Options};
use cnn_net::op::Shape;

/// Imports a model. Whatever it is, the result is a net or an error in words, and a net that is declared is read as what it is.
pub fn import(data: &[u8]) {
    let file = File::new(data.to_vec());
    for input in [None, Some(Shape::map(3, 8, 8))] {
        match file.import(&Options { name: Some("Net".to_owned()), input }) {
            Ok(net) => net.with(|graph| {
                let text = net.declaration();
                assert!(text.parse::<proc_macro2::TokenStream>().is_ok(), "{text}");
                assert_eq!(cnn_net::language::declaration(graph).as_deref(), Ok(text));
            }),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
