//! What stands before nets and blocks in `#[…]`.

use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

use super::{Parser, place_of};

impl Parser<'_> {
    /// Takes `#[weights("…")]` out of a net's attributes, and checks that the others may stand on every item.
    pub(super) fn attributes(&mut self, attributes: Vec<Attribute>) -> (Option<LitStr>, Vec<Attribute>) {
        let mut weights = None;
        let mut others = Vec::new();
        for attribute in attributes {
            let path = attribute.path();
            if path.is_ident("weights") {
                let place = place_of(&attribute);
                match attribute.parse_args::<LitStr>() {
                    Ok(_) if weights.is_some() => {
                        self.report.error(place, "`weights` is given twice\nhelp: a net is embedded with one file");
                    }
                    Ok(file) => weights = Some(file),
                    Err(_) => self.report.error(
                        place,
                        "expected the path of a file\nhelp: `#[weights(\"file.safetensors\")]`, counted from the crate's root",
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

    /// Only doc comments may stand on a block.
    pub(super) fn no_attributes(&mut self, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|a| !a.path().is_ident("doc")) {
            let message = "a block does not take this attribute\nhelp: it takes doc comments only";
            self.report.error(place_of(attribute), message);
        }
    }
}

/// The text of `///` lines, without the blank that stands before each.
pub(crate) fn doc_text(docs: &[Attribute]) -> String {
    let lines: Vec<String> = docs
        .iter()
        .filter_map(|doc| match &doc.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            Meta::Path(_) | Meta::List(_) => None,
        })
        .map(|line| line.strip_prefix(' ').map(str::to_owned).unwrap_or(line))
        .collect();
    lines.join("\n")
}
