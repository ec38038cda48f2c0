//! Tokens to [`Ast`]: syntax only. After a mistake, parsing goes on behind the next `;`.
//!
//! ```text
//! network!  = { attrs ( block | net ) }
//! net       = [vis] NAME ":" shape "->" shape "{" body "}"          shape = C "x" H "x" W | N
//! block     = "block" NAME "(" [ param { "," param } ] ")" "{" body "}"   param = NAME [ "=" expr ]
//! ```

mod body;
mod expr;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Expr as SynExpr, ExprLit, Lit, LitStr, Meta, Result, Token, Visibility, braced, parenthesized, token};

use crate::ast::{Ast, Block, Net, Param};
use crate::report::Report;

/// Parses one invocation of `network!`.
pub fn parse(tokens: TokenStream, report: &mut Report) -> Ast {
    let mut ast = Ast::default();
    let mut parser = Parser { report };
    let parsed = (|input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = parser.item(input, &mut ast) {
                parser.report.push(error);
                skip_item(input);
            }
        }
        Ok(())
    })
    .parse2(tokens);
    if let Err(error) = parsed {
        report.push(error);
    }
    ast
}

/// The parsing functions, and where they put what they complain about.
struct Parser<'r> {
    report: &'r mut Report,
}

impl Parser<'_> {
    /// A block or a net.
    fn item(&mut self, input: ParseStream<'_>, ast: &mut Ast) -> Result<()> {
        let attributes = input.call(Attribute::parse_outer)?;
        if is_word(input, "block") && input.peek2(syn::Ident::peek_any) {
            let block = self.block(input)?;
            for attribute in attributes.iter().filter(|a| !a.path().is_ident("doc")) {
                self.report.error(place_of(attribute), "a block takes doc comments, and no other attributes");
            }
            ast.blocks.push(block);
        } else {
            ast.nets.push(self.net(input, attributes)?);
        }
        Ok(())
    }

    /// `"block" NAME "(" [ param { "," param } ] ")" "{" body "}"`
    fn block(&mut self, input: ParseStream<'_>) -> Result<Block> {
        input.call(Ident::parse_any)?;
        let name = input.call(Ident::parse_any)?;
        let mut params = Vec::new();
        if input.peek(token::Paren) {
            let content;
            parenthesized!(content in input);
            while !content.is_empty() {
                params.push(self.param(&content)?);
                if !content.is_empty() {
                    content.parse::<Token![,]>()?;
                }
            }
        }
        let (content, span) = braces(input, "a block's body in braces")?;
        let body = self.body(&content, span);
        Ok(Block { name, params, body })
    }

    /// `NAME [ "=" expr ]`
    fn param(&mut self, input: ParseStream<'_>) -> Result<Param> {
        let name = input.call(Ident::parse_any)?;
        let default = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(expr::parse(input)?)
        } else {
            None
        };
        Ok(Param { name, default })
    }

    /// `[vis] NAME ":" shape "->" shape "{" body "}"`
    fn net(&mut self, input: ParseStream<'_>, attributes: Vec<Attribute>) -> Result<Net> {
        let visibility: Visibility = input.parse()?;
        if !input.peek(syn::Ident::peek_any) {
            return Err(input.error("expected a net, `Name: 1x32x32 -> 10 { … }`, or a block, `block name(parameters) { … }`"));
        }
        let name = input.call(Ident::parse_any)?;
        if !input.peek(Token![:]) {
            return Err(input.error(format!(
                "expected `:` and the shapes of input and output: `{name}: 1x32x32 -> 10 {{ … }}`"
            )));
        }
        input.parse::<Token![:]>()?;
        let shape = expr::parse(input)?;
        if !input.peek(Token![->]) {
            return Err(input.error("expected `->` and the shape of the output"));
        }
        input.parse::<Token![->]>()?;
        let output = expr::parse(input)?;
        let (content, span) = braces(input, "the net's layers in braces")?;
        let body = self.body(&content, span);
        let (docs, rest) = attributes.into_iter().partition(|a| a.path().is_ident("doc"));
        let (weights, attributes) = self.attributes(rest);
        Ok(Net { docs, attributes, weights, visibility, name, input: shape, output, body })
    }

    /// Takes `#[weights("…")]` out of a net's attributes, and checks that the others may stand on every item.
    fn attributes(&mut self, attributes: Vec<Attribute>) -> (Option<LitStr>, Vec<Attribute>) {
        let mut weights = None;
        let mut others = Vec::new();
        for attribute in attributes {
            let path = attribute.path();
            if path.is_ident("weights") {
                let place = place_of(&attribute);
                match attribute.parse_args::<LitStr>() {
                    Ok(_) if weights.is_some() => self.report.error(place, "the net already has `weights`"),
                    Ok(file) => weights = Some(file),
                    Err(_) => self.report.error(
                        place,
                        "expected `#[weights(\"file.safetensors\")]`, the path counted from the crate's root",
                    ),
                }
            } else if ["cfg", "allow", "expect", "warn", "deny"].iter().any(|known| path.is_ident(known)) {
                others.push(attribute);
            } else {
                self.report.error(
                    place_of(&attribute),
                    "a net does not take this attribute\nhelp: it takes doc comments, `#[weights(\"file.safetensors\")]`, \
                     `#[cfg(…)]` and lint levels",
                );
            }
        }
        (weights, others)
    }
}

/// The text of `///` lines, without the blank that stands before each.
pub(crate) fn doc_text(docs: &[Attribute]) -> String {
    let lines: Vec<String> = docs
        .iter()
        .filter_map(|doc| match &doc.meta {
            Meta::NameValue(pair) => match &pair.value {
                SynExpr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            Meta::Path(_) | Meta::List(_) => None,
        })
        .map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        .collect();
    lines.join("\n")
}

fn place_of(attribute: &Attribute) -> crate::report::Place {
    crate::report::Place::from(attribute.pound_token.span).to(attribute.bracket_token.span.close())
}

/// Whether the next token is this word.
fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|ident| ident == word)
}

/// What is between braces, and the place of the opening one.
fn braces<'a>(input: ParseStream<'a>, expected: &str) -> Result<(syn::parse::ParseBuffer<'a>, proc_macro2::Span)> {
    if !input.peek(token::Brace) {
        return Err(input.error(format!("expected {expected}")));
    }
    let content;
    let brace = braced!(content in input);
    Ok((content, brace.span.open()))
}

/// Skips to behind the next braces, where the next item begins.
fn skip_item(input: ParseStream<'_>) {
    skip_while(input, |token| !matches!(token, TokenTree::Group(g) if g.delimiter() == proc_macro2::Delimiter::Brace));
}

/// Skips tokens as long as they satisfy a condition, and the one that does not.
fn skip_while(input: ParseStream<'_>, condition: impl Fn(&TokenTree) -> bool) {
    while let Ok(token) = input.parse::<TokenTree>() {
        if !condition(&token) {
            break;
        }
    }
}
