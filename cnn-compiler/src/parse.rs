//! Tokens to [`Ast`]: syntax only. After a mistake, parsing resumes after the next `;`.
//!
//! ```text
//! network!  = [ "#![crate = " ( STRING | path ) "]" ] { attrs ( block | net | model | variant ) }
//! net       = [vis] NAME ":" ports "->" ports "{" body "}"
//! ports     = shape | "{" NAME ":" shape { "," NAME ":" shape } "}"        shape = C "x" H "x" W | N
//! model     = [vis] NAME "=" ( "onnx" | "tflite" ) "(" FILE { "," option } ")" ";"   see `model`
//! variant   = [vis] NAME "=" NAME ";"                               the layers of the second, which is a net
//! block     = "block" NAME "(" [ param { "," param } ] ")" "{" body "}"   param = NAME [ "=" expr ]
//! ```

mod attributes;
mod body;
mod expr;
mod habits;
mod model;
mod name;
mod token;
mod train;
mod variant;

use cnn_net::language::is_field;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::format_ident;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::token::Brace;
use syn::{Attribute, Error, Result, Token, Visibility, parenthesized};

use crate::ast::{Ast, Block, Body, Budget, Constant, Expr, Net, Param, Port};
use crate::report::{Place, Report};

pub use attributes::doc_text;
use attributes::{CRATE, NetAttributes};
pub(crate) use expr::generic;
use token::{braces, check_attributes, expected, is_word, skip_to, too_deep};
use variant::Variant;

/// Parses one invocation of `network!`.
pub fn parse(tokens: TokenStream, report: &mut Report) -> Ast {
    let mut ast = Ast::default();
    let Some(last) = tokens.clone().into_iter().last() else { return ast };
    if let Some(span) = too_deep(&tokens, 0) {
        report.error(span, "brackets are nested too deeply here");
        return ast;
    }
    // In its own braces, so that a mistake at the end is shown at the last token.
    let mut all = Group::new(Delimiter::Brace, tokens);
    all.set_span(last.span());
    let mut parser = Parser { report, variants: Vec::new(), skipped: false };
    let parsed =
        (|input: ParseStream<'_>| parser.items(&braces(input, "")?.0, &mut ast)).parse2(TokenTree::from(all).into());
    parser.variants(&mut ast);
    // After a reported error, some tokens may remain unparsed.
    if let Err(error) = parsed
        && report.is_empty()
    {
        report.push(error);
    }
    ast
}

/// The parsing functions, and where they report mistakes.
struct Parser<'r> {
    report: &'r mut Report,
    /// The variants that were read.
    variants: Vec<Variant>,
    /// Whether an item with a mistake was skipped, perhaps together with the next one: not all nets are known then.
    skipped: bool,
}

impl Parser<'_> {
    fn items(&mut self, input: ParseStream<'_>, ast: &mut Ast) -> Result<()> {
        self.crate_path(input, ast)?;
        while !input.is_empty() {
            if let Err(error) = self.item(input, ast) {
                self.report.push(error);
                self.skipped = true;
                skip_item(input);
            }
        }
        Ok(())
    }

    /// A block, a net, or a variant of one.
    fn item(&mut self, input: ParseStream<'_>, ast: &mut Ast) -> Result<()> {
        if self.comment(input) {
            return Ok(());
        }
        if input.peek(Token![#]) && input.peek2(Token![!]) {
            return Err(input.error(format!("`#![…]` must come before all nets and blocks\nhelp: {CRATE}")));
        }
        check_attributes(input)?;
        let attributes = input.call(Attribute::parse_outer)?;
        if is_word(input, "block") && input.peek2(Ident::peek_any) {
            let block = self.block(input)?;
            self.no_attributes("block", &attributes);
            ast.blocks.push(block);
            return Ok(());
        }
        if input.peek(Token![const]) {
            self.no_attributes("constant", &attributes);
            return self.constant(input, ast);
        }
        let visibility: Visibility = input.parse()?;
        if !input.peek(syn::Ident) {
            let what = "a net or a block\nhelp: `Name: 1x32x32 -> 10 { … }` or `block name(parameters) { … }`";
            return Err(expected(input, what));
        }
        let name: Ident = input.parse()?;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if model::is_model(input) {
                return self.model(input, attributes, visibility, name, ast);
            }
            self.variant(input, attributes, visibility, name, ast.nets.len())?;
        } else {
            ast.nets.push(self.net(input, attributes, visibility, name)?);
        }
        Ok(())
    }

    /// `"block" NAME "(" [ param { "," param } ] ")" "{" body "}"`
    fn block(&mut self, input: ParseStream<'_>) -> Result<Block> {
        input.call(Ident::parse_any)?;
        let name = input.call(Ident::parse_any)?.unraw();
        let mut params = Vec::new();
        if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            while !content.is_empty() {
                params.push(self.param(&content)?);
                if content.peek(Token![,]) {
                    content.parse::<Token![,]>()?;
                } else if !content.is_empty() {
                    return Err(expected(&content, "`,` or the end of the parameters"));
                }
            }
        }
        let (content, span) = braces(input, &format!("the block's layers in braces\nhelp: `block {name}(…) {{ … }}`"))?;
        let body = self.body(&content, span);
        Ok(Block { name, params, body })
    }

    /// `"const" NAME "=" expr ";"`
    fn constant(&mut self, input: ParseStream<'_>, ast: &mut Ast) -> Result<()> {
        const FORM: &str = "help: `const WIDTH = 32;`";
        input.parse::<Token![const]>()?;
        if !input.peek(Ident::peek_any) {
            return Err(expected(input, &format!("the constant's name\n{FORM}")));
        }
        let name = input.call(Ident::parse_any)?.unraw();
        let place = Place::from(name.span());
        self.no_type(input, "constants have no type");
        let mut value = Err(expected(input, &format!("`=` and a value\n{FORM}")));
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            value = expr::parse(input);
        }
        // The name is known even if its value is not.
        let (value, mistake) = match value {
            Ok(value) => (value, None),
            Err(mistake) => (Expr::broken(place), Some(mistake)),
        };
        ast.constants.push(Constant { name, value });
        match mistake {
            Some(mistake) => Err(mistake),
            None if input.peek(Token![;]) => input.parse::<Token![;]>().map(drop),
            None => Err(expected(input, "`;` after the constant")),
        }
    }

    /// `NAME [ "=" expr ]`
    fn param(&mut self, input: ParseStream<'_>) -> Result<Param> {
        if !input.peek(Ident::peek_any) {
            return Err(expected(input, "a parameter's name"));
        }
        let name = input.call(Ident::parse_any)?.unraw();
        self.no_type(input, "parameters have no type: it follows from their use");
        let default = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(expr::parse(input)?)
        } else {
            None
        };
        Ok(Param { name, default })
    }

    /// `":" ports "->" ports "{" body "}"`
    fn net(
        &mut self,
        input: ParseStream<'_>,
        attributes: Vec<Attribute>,
        visibility: Visibility,
        name: Ident,
    ) -> Result<Net> {
        let start = input.span();
        let shapes = match self.header(input, &name) {
            Ok(header) => header,
            // The net is kept, so that its layers are checked and its name is known.
            Err(error) => {
                skip_to(input, ends_item);
                if !input.peek(Brace) {
                    return Err(error);
                }
                self.report.push(error);
                let broken = || vec![Port { name: None, shape: Expr::broken(start) }];
                (broken(), broken())
            }
        };
        let (content, span) = braces(input, "the net's layers in braces")?;
        let body = self.body(&content, span);
        let (inputs, outputs) = shapes;
        Ok(self.finish(attributes, visibility, name, Layers { of: None, inputs, outputs, body }))
    }

    /// Builds a net from the parts that were read.
    fn finish(&mut self, attributes: Vec<Attribute>, visibility: Visibility, name: Ident, layers: Layers) -> Net {
        let (docs, rest) = attributes.into_iter().partition(|a| a.path().is_ident("doc"));
        let NetAttributes { weights, batch, algorithms, store, budget, train, others } = self.attributes(rest);
        let (budget, budget_place) = budget.map_or((Budget::Any, None), |(budget, place)| (budget, Some(place)));
        let Layers { of, inputs, outputs, body } = layers;
        Net {
            docs,
            attributes: others,
            weights,
            batch,
            algorithms,
            store,
            budget,
            budget_place,
            train,
            visibility,
            name,
            of,
            model: None,
            inputs,
            outputs,
            body,
        }
    }

    /// `":" ports "->" ports`
    fn header(&mut self, input: ParseStream<'_>, name: &Ident) -> Result<(Vec<Port>, Vec<Port>)> {
        if !input.peek(Token![:]) {
            let what = format!("`:` and the shapes of input and output\nhelp: `{name}: 1x32x32 -> 10 {{ … }}`");
            return Err(expected(input, &what));
        }
        input.parse::<Token![:]>()?;
        let inputs = self.ports(input)?;
        if !input.peek(Token![->]) {
            let shown = match &inputs[..] {
                [Port { name: None, shape }] => shape.to_string(),
                _ => "{ … }".to_owned(),
            };
            return Err(expected(
                input,
                &format!("`->` and the shape of the output\nhelp: `{name}: {shown} -> 10 {{ … }}`"),
            ));
        }
        let arrow: Token![->] = input.parse()?;
        if input.peek(Brace) && !input.peek2(Brace) {
            let wrong = "expected the shape of the output between `->` and the net's layers";
            return Err(Error::new_spanned(arrow, format!("{wrong}\nhelp: `{name}: … -> 10 {{ … }}`")));
        }
        let outputs = self.ports(input)?;
        if !input.peek(Brace) {
            return Err(expected(input, "the net's layers in braces"));
        }
        Ok((inputs, outputs))
    }

    /// A shape, or `"{" NAME ":" shape { "," NAME ":" shape } "}"`
    fn ports(&mut self, input: ParseStream<'_>) -> Result<Vec<Port>> {
        const FORM: &str = "help: `{ left: 1x16x16, right: 2x8x8 }`";
        if !input.peek(Brace) {
            return Ok(vec![Port { name: None, shape: self.shape(input)? }]);
        }
        let (content, braces) = braces(input, "")?;
        let (mut ports, content_was_empty) = (Vec::new(), content.is_empty());
        while !content.is_empty() {
            if !content.peek(Ident::peek_any) || !content.peek2(Token![:]) {
                return Err(expected(&content, &format!("a name and `:` before the shape\n{FORM}")));
            }
            let name = content.call(Ident::parse_any)?.unraw();
            content.parse::<Token![:]>()?;
            let shape = self.shape(&content)?;
            ports.extend(self.port(name, shape, &ports));
            if !content.is_empty() && content.parse::<Token![,]>().is_err() {
                return Err(expected(&content, "`,` or `}`"));
            }
        }
        if content_was_empty {
            return Err(Error::new(braces.join(), format!("there is nothing in these braces\n{FORM}")));
        }
        Ok(ports)
    }

    /// The shape of an input or an output.
    fn shape(&mut self, input: ParseStream<'_>) -> Result<Expr> {
        self.no_number_type(input);
        let shape = expr::parse(input)?;
        self.no_type(input, habits::NO_NUMBER_TYPE);
        Ok(shape)
    }

    /// A port next to others, unless its name is one of theirs, which is reported.
    fn port(&mut self, name: Ident, shape: Expr, others: &[Port]) -> Option<Port> {
        if others.iter().any(|other| other.name.as_ref() == Some(&name)) {
            self.report.error(name.span(), format!("the name `{name}` is given twice\nhelp: names must differ"));
            return None;
        }
        if !is_field(&name.to_string()) {
            let wrong = format!("`{name}` can't be the name of a field");
            self.report.error(name.span(), format!("{wrong}\nhelp: give it another name"));
            return Some(Port { name: Some(format_ident!("{name}_")), shape });
        }
        Some(Port { name: Some(name), shape })
    }
}

/// What a variant takes from its net: everything after the name.
struct Layers {
    /// That net, if this is a variant.
    of: Option<Ident>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    body: Body,
}

/// Skips past the next braces or `;`, and any `;` after these, to where the next item begins.
fn skip_item(input: ParseStream<'_>) {
    skip_to(input, ends_item);
    drop(input.parse::<TokenTree>());
    while input.peek(Token![;]) {
        drop(input.parse::<TokenTree>());
    }
}

fn ends_item(token: &TokenTree) -> bool {
    match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(mark) => mark.as_char() == ';',
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    }
}

fn place_of(attribute: &Attribute) -> Place {
    Place::from(attribute.pound_token.span).to(attribute.bracket_token.span.close())
}
