//! Variants: the layers of a net under another name.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Result, Token, Visibility};

use super::token::{expected, is_word};
use super::{Layers, Parser};
use crate::ast::{Ast, Net};
use crate::report::{Edit, Report, message, nearest};

/// `pub AlexNetF16 = AlexNet;`, with its own attributes and docs.
pub(super) struct Variant {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    /// The net whose layers these are.
    of: Ident,
    /// How many nets with a body come before it.
    nets_before: usize,
}

impl Parser<'_> {
    /// `NAME ";"`
    pub(super) fn variant(
        &mut self,
        input: ParseStream<'_>,
        attributes: Vec<Attribute>,
        visibility: Visibility,
        name: Ident,
        nets_before: usize,
    ) -> Result<()> {
        if !input.peek(syn::Ident) {
            let what = format!(
                "the net whose layers `{name}` has\nhelp: `{name} = Net;`, where `Net` is in the same `network!`"
            );
            return Err(expected(input, &what));
        }
        let of: Ident = input.parse()?;
        let end = end(input, &name, &of);
        self.variants.push(Variant { attributes, visibility, name, of, nets_before });
        match end {
            // What follows looks right.
            Err(error) if begins_item(input) => {
                self.report.push(error);
                Ok(())
            }
            end => end,
        }
    }

    /// Turns the variants into nets, each in its place, now that all nets are known.
    pub(super) fn variants(&mut self, ast: &mut Ast) {
        let variants = std::mem::take(&mut self.variants);
        let origins: Vec<(Ident, Ident)> = variants.iter().map(|v| (v.name.clone(), v.of.clone())).collect();
        let mut made = Vec::new();
        for Variant { attributes, visibility, name, of, nets_before } in variants {
            if let Some(net) = self.origin(&name, &of, ast, &origins) {
                let (inputs, outputs, body) = (net.inputs.clone(), net.outputs.clone(), net.body.clone());
                let (model, algorithms) = (net.model, net.algorithms);
                let layers = Layers { of: Some(of), inputs, outputs, body };
                let mut net = Net { model, ..self.finish(attributes, visibility, name, layers) };
                net.algorithms = net.algorithms.with_weights_of(algorithms);
                made.push((nets_before, net));
            }
        }
        // From the last to the first, so that the places of the others don't change.
        for (nets_before, net) in made.into_iter().rev() {
            ast.nets.insert(nets_before, net);
        }
    }

    /// The net with a body whose layers a variant has; `origins` are all variants and the nets that they name.
    fn origin<'a>(&mut self, name: &Ident, of: &Ident, ast: &'a Ast, origins: &[(Ident, Ident)]) -> Option<&'a Net> {
        let mut same = ast.nets.iter().filter(|net| net.name.unraw() == of.unraw());
        match (same.next(), same.next()) {
            (Some(net), Some(other)) if net.has_cfg() && other.has_cfg() => {
                let wrong =
                    format!("`cfg` chooses between several nets named `{of}`, but a variant has the layers of one");
                let help =
                    format!("write out the layers of `{name}` in braces; a `block` can hold what the nets share");
                self.report.error(of.span(), message(&wrong, &help));
            }
            // Two nets of the same name are reported elsewhere.
            (Some(net), _) => return Some(net),
            (None, _) if self.skipped => {}
            (None, _) => unknown(name, of, ast, origins, self.report),
        }
        None
    }
}

/// `";"`
fn end(input: ParseStream<'_>, name: &Ident, of: &Ident) -> Result<()> {
    if input.peek(Token![;]) {
        return input.parse::<Token![;]>().map(drop);
    }
    if input.peek(Token![::]) {
        let wrong = "expected `;`, found `::`\nhelp: a variant has the layers of a net in the same `network!`";
        return Err(input.error(wrong));
    }
    let help = format!("`{name} = {of};`; a variant has all layers of its net, and its own attributes");
    Err(expected(input, &format!("`;`\nhelp: {help}")))
}

/// Whether what follows looks like an item, or there is nothing left.
fn begins_item(input: ParseStream<'_>) -> bool {
    let named = input.peek2(Token![=]) || input.peek2(Token![:]) && !input.peek2(Token![::]);
    let block = is_word(input, "block") && input.peek2(Ident::peek_any);
    input.is_empty() || input.peek(Token![#]) || input.peek(Token![pub]) || block || input.peek(syn::Ident) && named
}

/// Reports a variant whose net has no body of its own, or does not exist.
fn unknown(name: &Ident, of: &Ident, ast: &Ast, origins: &[(Ident, Ident)], report: &mut Report) {
    if let Some((_, origin)) = origins.iter().find(|(variant, _)| variant.unraw() == of.unraw()) {
        let wrong = format!("`{of}` is itself a variant");
        let help = format!("`{name} = {origin};` has the same layers; the attributes of `{of}` are not inherited");
        let message = message(&wrong, &help);
        report.error(of.span(), message.fix([Edit::instead(of.span(), origin.to_string())]));
        return;
    }
    let names: Vec<String> = ast.nets.iter().map(|net| net.name.to_string()).collect();
    let near = nearest(&of.to_string(), names.iter().map(String::as_str));
    let help = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if ast.blocks.iter().any(|block| block.name == *of) => {
            format!("`{of}` is a block, which nets call: `{name}: 1x32x32 -> 10 {{ {of}(…); }}`")
        }
        None => "a variant has the layers of a net with a body in the same `network!`".to_owned(),
    };
    let message = message(&format!("there is no net `{of}` here"), &help);
    report.error(of.span(), message.fixes(near.map(|near| vec![Edit::instead(of.span(), near)])));
}
