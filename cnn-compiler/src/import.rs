//! Models in files become declarations: as if the net and its blocks had been written where the file is named.
//!
//! A file is read once. The layers and the weights of a net are what it held at that moment, whatever becomes of it while rustc
//! runs, so they always belong together.

use crate::ast::{Ast, Net};
use crate::report::Report;

/// Imports all models, and gives nets their inputs, outputs and layers.
pub(crate) fn import(ast: &mut Ast, report: &mut Report) {
    let contents: Vec<_> = (0..ast.models.len()).map(|index| file::content(index, ast, report)).collect();
    for (model, content) in ast.models.iter_mut().zip(contents) {
        model.content = content;
    }
    let Ast { nets, models, .. } = ast;
    for net in nets {
        let content = net.model.and_then(|index| models[index].content.as_mut());
        if let Some(declared) = content.and_then(|content| content.declared.nets.first_mut()) {
            fill(net, declared);
        }
    }
}

/// What a net takes from its imported declaration. Its own attributes take precedence. If it has no doc comments, it
/// takes those too, unless it is a variant.
fn fill(net: &mut Net, declared: &mut Net) {
    (net.inputs, net.outputs, net.body) = (declared.inputs.clone(), declared.outputs.clone(), declared.body.clone());
    net.algorithms = net.algorithms.with_weights_of(declared.algorithms);
    if net.docs.is_empty() && net.of.is_none() {
        net.docs = std::mem::take(&mut declared.docs);
    }
}

#[cfg(feature = "onnx")]
mod file {
    use std::iter::once;

    use cnn_import::{Error, File, Options, is_tflite};
    use proc_macro2::{Group, Span, TokenStream, TokenTree};
    use syn::ext::IdentExt as _;

    use crate::ast::{Ast, Content, Model};
    use crate::eval::{Of, shape};
    use crate::files::{full_path, unreadable};
    use crate::graph::constants;
    use crate::parse::parse;
    use crate::report::{Message, Report, message};

    /// What is in the file of a model; a mistake is reported.
    pub(super) fn content(index: usize, ast: &Ast, report: &mut Report) -> Option<Content> {
        let model = &ast.models[index];
        let input = match &model.input {
            None => None,
            Some(input) => Some(shape(input, Of::Input, &constants(ast, report), report)?),
        };
        let net = ast.nets.iter().find(|net| net.model == Some(index) && net.of.is_none())?;
        let options = Options { name: Some(net.name.unraw().to_string()), input };
        match read(model, &options) {
            Ok((text, content)) => Some(Content { declared: declared(&text, model, report)?, ..content }),
            Err((at, message)) => {
                report.error(at, message);
                None
            }
        }
    }

    /// The declaration, and the content without it; or what is wrong with the file.
    fn read(model: &Model, options: &Options) -> Result<(String, Content), (Span, String)> {
        let relative = model.path.value();
        let full = full_path(&relative);
        let at_path = |why: String| (model.path.span(), why);
        let file = File::open(&full).map_err(|why| at_path(unreadable("model", &relative, &why.to_string())))?;
        let is_tflite = is_tflite(file.bytes());
        if is_tflite != (model.format == "tflite") {
            return Err((model.format.span(), misnamed(&relative, is_tflite).to_string()));
        }
        let cause = |error: Error| at_path(format!("`{relative}` can't be imported: {error}"));
        let net = file.import(options).map_err(cause)?;
        let mut weights = Vec::new();
        net.write_weights(&mut weights).map_err(|why| at_path(format!("`{relative}` has weights that {why}")))?;
        let files = once(full).chain(net.files().iter().cloned()).collect();
        Ok((net.declaration().to_owned(), Content { declared: Ast::default(), weights, files }))
    }

    /// What is wrong with the word for a file of another kind.
    fn misnamed(relative: &str, is_tflite: bool) -> Message {
        if is_tflite {
            return message(&format!("`{relative}` is a TFLite file"), &format!("write `tflite({relative:?})`"));
        }
        let help = format!("write `onnx({relative:?})`, if it is an ONNX file, or else copy the file again");
        message(&format!("`{relative}` is no TFLite file"), &help)
    }

    /// A declaration, every token of which is the file's name in the source.
    fn declared(text: &str, model: &Model, report: &mut Report) -> Option<Ast> {
        let before = report.len();
        let declared = match text.parse::<TokenStream>() {
            Ok(tokens) => parse(placed(tokens, model.path.span()), report),
            Err(why) => {
                report
                    .error(model.path.span(), format!("the declaration that it was imported as can't be read: {why}"));
                return None;
            }
        };
        (report.len() == before && declared.nets.len() == 1).then_some(declared)
    }

    fn placed(tokens: TokenStream, span: Span) -> TokenStream {
        let at = |token| {
            let mut token = match token {
                TokenTree::Group(group) => Group::new(group.delimiter(), placed(group.stream(), span)).into(),
                token @ (TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_)) => token,
            };
            token.set_span(span);
            token
        };
        tokens.into_iter().map(at).collect()
    }
}

#[cfg(not(feature = "onnx"))]
mod file {
    use crate::ast::{Ast, Content};
    use crate::report::{Report, message};

    /// Says which feature reads files.
    pub(super) fn content(index: usize, ast: &Ast, report: &mut Report) -> Option<Content> {
        let format = &ast.models[index].format;
        let wrong = format!("`{format}(…)` needs the feature `onnx` of the crate `cnn`, which is off");
        let help = "`cargo add cnn --features onnx`, or `features = [\"onnx\"]` at `cnn` in Cargo.toml";
        report.error(format.span(), message(&wrong, help));
        None
    }
}
