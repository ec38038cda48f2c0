//! Nets whose layers are in a file.
//!
//! ```text
//! model  = [vis] NAME "=" ( "onnx" | "tflite" ) "(" FILE { "," option } [ "," ] ")" ";"
//! option = "input" "=" shape | "weights" "=" ( "embed" | "load" )
//! ```

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::token::Paren;
use syn::{Attribute, Error, LitStr, Result, Token, Visibility, parenthesized};

use super::token::{expected, is_word};
use super::{Layers, Parser, expr};
use crate::ast::{Ast, Body, Expr, Model, Port};
use crate::report::{Place, message};

/// The kinds of files, each with the word for it.
const FORMATS: [&str; 2] = ["onnx", "tflite"];
/// What there is to say about a model.
const OPTIONS: &str =
    "`input`, for example `input = 3x224x224`, if the file leaves that open, and `weights = load`, to embed none";

/// Whether a model comes next, and not the name of a net.
pub(super) fn is_model(input: ParseStream<'_>) -> bool {
    FORMATS.iter().any(|format| is_word(input, format)) && input.peek2(Paren)
}

impl Parser<'_> {
    /// `( "onnx" | "tflite" ) "(" FILE { "," option } [ "," ] ")" ";"`: the net gets its layers when the file is imported.
    pub(super) fn model(
        &mut self,
        input: ParseStream<'_>,
        attributes: Vec<Attribute>,
        visibility: Visibility,
        name: Ident,
        ast: &mut Ast,
    ) -> Result<()> {
        let format: Ident = input.parse()?;
        let content;
        let parentheses = parenthesized!(content in input);
        let help = format!("for example `{name} = {format}(\"model.{format}\");`, relative to the crate's root");
        if content.is_empty() {
            return Err(Error::new(parentheses.span.join(), message("expected the path of a file", &help)));
        }
        if !content.peek(LitStr) {
            return Err(expected(&content, &format!("the path of a file in quotes\nhelp: {help}")));
        }
        let mut model = Model { format, path: content.parse()?, input: None, loads: None, content: None };
        while !content.is_empty() {
            if !content.peek(Token![,]) {
                return Err(expected(&content, "`,` or `)`"));
            }
            content.parse::<Token![,]>()?;
            if !content.is_empty() {
                self.option(&content, &mut model)?;
            }
        }
        let place = Place::from(model.path.span());
        let port = || vec![Port { name: None, shape: Expr::broken(place) }];
        let body = Body { statements: Vec::new(), span: model.path.span(), end: model.path.span() };
        let mut net =
            self.finish(attributes, visibility, name, Layers { of: None, inputs: port(), outputs: port(), body });
        if let (Some(loads), Some(_)) = (model.loads, &net.weights) {
            let wrong = "`weights = load` embeds no weights, and `#[weights(…)]` above the net embeds those of a file";
            self.report.error(loads, message(wrong, "leave out one of them"));
        }
        net.model = Some(ast.models.len());
        ast.models.push(model);
        ast.nets.push(net);
        match input.peek(Token![;]) {
            true => input.parse::<Token![;]>().map(drop),
            false => Err(expected(input, "`;` after the model")),
        }
    }

    /// `"input" "=" shape | "weights" "=" ( "embed" | "load" )`
    fn option(&mut self, input: ParseStream<'_>, model: &mut Model) -> Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(expected(input, &format!("`input` or `weights`\nhelp: {OPTIONS}")));
        }
        let name = input.call(Ident::parse_any)?;
        let is_known = name == "input" || name == "weights";
        if !is_known {
            let wrong = format!("a model has no option `{name}`");
            return Err(Error::new(name.span(), message(&wrong, &format!("its options are {OPTIONS}"))));
        }
        if !input.peek(Token![=]) {
            return Err(expected(input, &format!("`=` and a value\nhelp: {OPTIONS}")));
        }
        input.parse::<Token![=]>()?;
        if name == "input" {
            let shape = expr::parse(input)?;
            if model.input.replace(shape).is_some() {
                self.report.error(name.span(), "`input` is given twice");
            }
            return Ok(());
        }
        let word: Option<Ident> = input.peek(Ident::peek_any).then(|| input.call(Ident::parse_any)).transpose()?;
        match word {
            Some(word) if word == "load" => model.loads = Some(Place::from(name.span()).to(word.span())),
            Some(word) if word == "embed" => {}
            found => {
                let wrong =
                    "expected `embed`, which is the default, or `load`, for weights that are loaded from a file";
                let help = "`#[weights(\"file.safetensors\")]` above the net embeds those of another file";
                let span = found.map_or_else(|| input.span(), |word| word.span());
                return Err(Error::new(span, message(wrong, help)));
            }
        }
        Ok(())
    }
}
