//! The attributes of nets and blocks, `#[…]`.
//!
//! ```text
//! crate   = "#![" "crate" "=" ( STRING | path ) "]"
//! attrs   = { "#[" ( weights | batch | algorithm | store | memory | workspace | train | cfg, lint levels, doc comments ) "]" }
//! weights = "weights" "(" FILE [ "," "rename" "(" [ rule { "," rule } ] ")" ] ")"          rule = PATTERN "=>" PATTERN
//! batch   = "batch" "(" n ")"
//! algorithm = "algorithm" "(" ( "exact" | "folded" ) ")"
//! store   = "store" "(" ( "f32" | "f16" ) ")"
//! memory  = "memory" "(" "small" ")"
//! workspace = "workspace" "(" "max" "=" n ")"
//! ```

use cnn_net::op::Store;
use cnn_runtime::weights::rule_error;
use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Path, Result, Token, parenthesized};

use super::token::check_attributes;
use super::{Parser, place_of};
use crate::ast::{Algorithms, Ast, Budget, Embed, Train};
use crate::report::{Edit, Message, Place};

/// The error for a second one of these attributes.
const ONE_BUDGET: &str = "a net has one limit of its workspace: `#[memory(small)]` or `#[workspace(max = …)]`";

/// More images in a pass are surely a mistake; far fewer are just as fast.
const MOST_IMAGES: usize = 1024;

/// The attributes of a net.
pub(super) struct NetAttributes {
    /// `#[weights("…")]`
    pub(super) weights: Option<Embed>,
    /// `#[batch(n)]`, or 1.
    pub(super) batch: usize,
    /// `#[algorithm(exact)]` or `#[algorithm(folded)]`, or the fastest.
    pub(super) algorithms: Algorithms,
    /// `#[store(f16)]`, or `f32`.
    pub(super) store: Store,
    /// `#[memory(small)]` or `#[workspace(max = n)]`, and what says so.
    pub(super) budget: Option<(Budget, Place)>,
    /// `#[train(…)]`
    pub(super) train: Option<Train>,
    /// Those that go on every item.
    pub(super) others: Vec<Attribute>,
}

impl Parser<'_> {
    /// `#![crate = "path::to::cnn"]`, or the path without quotes.
    pub(super) fn crate_path(&mut self, input: ParseStream<'_>, ast: &mut Ast) -> Result<()> {
        if !input.peek(Token![#]) || !input.peek2(Token![!]) {
            return Ok(());
        }
        let mut given = Once::default();
        check_attributes(input)?;
        for attribute in input.call(Attribute::parse_inner)? {
            if attribute.path().is_ident("crate") {
                given.set(self, &attribute, "a `network!` takes one path to the crate", Self::path);
            } else {
                let wrong = "`network!` does not take this attribute";
                self.report.error(place_of(&attribute), format!("{wrong}\nhelp: {CRATE}"));
            }
        }
        ast.path = given.value;
        Ok(())
    }

    fn path(&mut self, attribute: &Attribute) -> Option<TokenStream> {
        let value = match &attribute.meta {
            Meta::NameValue(pair) => Some(&pair.value),
            Meta::Path(_) | Meta::List(_) => None,
        };
        let path = match value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => {
                text.parse_with(Path::parse_mod_style).ok().map(ToTokens::into_token_stream)
            }
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.to_token_stream()),
            _ => None,
        };
        if path.is_none() {
            self.report.error(place_of(attribute), format!("expected the path of the crate `cnn`\nhelp: {CRATE}"));
        }
        path
    }

    /// Takes our attributes out of a net's, and checks that the others are allowed on every item.
    pub(super) fn attributes(&mut self, attributes: Vec<Attribute>) -> NetAttributes {
        let mut weights = Once::default();
        let mut batch = Once::default();
        let mut algorithms = Once::default();
        let mut store = Once::default();
        let mut budget = Once::default();
        let mut train = Once::default();
        let mut others = Vec::new();
        for attribute in attributes {
            let path = attribute.path();
            if path.is_ident("weights") {
                weights.set(self, &attribute, "a net embeds one file", Self::weights);
            } else if path.is_ident("batch") {
                batch.set(self, &attribute, "a net has one batch size", Self::batch);
            } else if path.is_ident("algorithm") {
                algorithms.set(self, &attribute, "a net has one algorithm for its convolutions", Self::algorithms);
            } else if path.is_ident("store") {
                store.set(self, &attribute, "for a single layer, write `linear(10, store = f32)`", Self::store);
            } else if path.is_ident("memory") {
                budget.set(self, &attribute, ONE_BUDGET, Self::small);
            } else if path.is_ident("workspace") {
                budget.set(self, &attribute, ONE_BUDGET, Self::at_most);
            } else if path.is_ident("train") {
                train.set(self, &attribute, "a net has one training step", Self::train);
            } else if ["cfg", "allow", "expect", "warn", "deny"].iter().any(|known| path.is_ident(known)) {
                others.push(attribute);
            } else {
                self.report.error(
                    place_of(&attribute),
                    "a net does not take this attribute\nhelp: it takes doc comments, `#[weights(\"file.safetensors\")]`, \
                     `#[batch(8)]`, `#[algorithm(exact)]`, `#[store(f16)]`, `#[memory(small)]`, `#[workspace(max = 32_768)]`, \
                     `#[train(batch = 64)]`, `#[cfg(…)]` and lint levels",
                );
            }
        }
        let (batch, store) = (batch.value.unwrap_or(1), store.value.unwrap_or_default());
        let algorithms = algorithms.value.unwrap_or_default();
        NetAttributes {
            weights: weights.value,
            batch,
            algorithms,
            store,
            budget: budget.value,
            train: train.value,
            others,
        }
    }

    /// `#[weights("file.safetensors", rename("module.*" => "*"))]`
    fn weights(&mut self, attribute: &Attribute) -> Option<Embed> {
        let embed = match attribute.parse_args::<Embed>() {
            Ok(embed) => embed,
            Err(error) => {
                match &attribute.meta {
                    Meta::List(_) => self.report.push(error),
                    // `#[weights = "file"]`
                    Meta::NameValue(pair) if matches!(pair.value, Expr::Lit(ExprLit { lit: Lit::Str(_), .. })) => {
                        let right = format!("#[weights({})]", pair.value.to_token_stream());
                        self.example(
                            attribute,
                            place_of(attribute),
                            "expected `(` and the path of a file".to_owned(),
                            &right,
                        );
                    }
                    Meta::NameValue(_) | Meta::Path(_) => self.report.error(place_of(attribute), EXPECTED_FILE),
                }
                return None;
            }
        };
        for (from, to) in &embed.rename {
            if let Some(wrong) = rule_error((&from.value(), &to.value())) {
                self.report.error(from.span(), format!("{wrong}\nhelp: {RULE}"));
                return None;
            }
        }
        Some(embed)
    }

    /// `#[batch(8)]`
    fn batch(&mut self, attribute: &Attribute) -> Option<usize> {
        let number = attribute.parse_args::<LitInt>().and_then(|number| number.base10_parse::<usize>());
        let images = number.ok().filter(|images| (1..=MOST_IMAGES).contains(images));
        if images.is_none() {
            let wrong = format!("expected the number of images per pass, from 1 to {MOST_IMAGES}");
            self.example(attribute, place_of(attribute), wrong, "#[batch(8)]");
        }
        images
    }

    /// `#[algorithm(exact)]` or `#[algorithm(folded)]`
    fn algorithms(&mut self, attribute: &Attribute) -> Option<Algorithms> {
        let word = attribute.parse_args::<Ident>().ok();
        let is_meant = |it: &Algorithms| word.as_ref().zip(it.word()).is_some_and(|(word, known)| word == known);
        let found = [Algorithms::Exact, Algorithms::Folded].into_iter().find(is_meant);
        if found.is_none() {
            let wrong = "expected `exact`, which computes convolutions directly, without Winograd's algorithm, or `folded`, for \
                         weights that batch normalisations are folded into";
            self.example(attribute, place_of(attribute), wrong.to_owned(), "#[algorithm(exact)]");
        }
        found
    }

    /// `#[store(f16)]`
    fn store(&mut self, attribute: &Attribute) -> Option<Store> {
        let word = attribute.parse_args::<Ident>().ok();
        let store = [Store::F32, Store::F16].into_iter().find(|store| word.as_ref().is_some_and(|w| w == store.name()));
        if store.is_none() {
            let wrong = "expected `f32` or `f16`, the format in which the weights of `linear` are kept in memory";
            let place = word.map_or_else(|| place_of(attribute), |word| word.span().into());
            self.example(attribute, place, wrong.to_owned(), "#[store(f16)]");
        }
        store
    }

    /// `#[memory(small)]`
    fn small(&mut self, attribute: &Attribute) -> Option<(Budget, Place)> {
        if attribute.parse_args::<Ident>().is_ok_and(|word| word == "small") {
            return Some((Budget::Least, place_of(attribute)));
        }
        let wrong = "expected `small`, which prefers a small workspace to speed";
        self.example(attribute, place_of(attribute), wrong.to_owned(), "#[memory(small)]");
        None
    }

    /// `#[workspace(max = 32_768)]`
    fn at_most(&mut self, attribute: &Attribute) -> Option<(Budget, Place)> {
        let max = attribute.parse_args_with(|input: ParseStream<'_>| {
            let word: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let number: LitInt = input.parse()?;
            if word == "max" { Ok((number.base10_parse()?, number.span())) } else { Err(input.error("not max")) }
        });
        let Ok((bytes, span)) = max else {
            let wrong = "expected the most bytes that the workspace may take, a whole number";
            self.example(attribute, place_of(attribute), wrong.to_owned(), "#[workspace(max = 32_768)]");
            return None;
        };
        Some((Budget::AtMost(bytes), span.into()))
    }

    /// Reports what is wrong with an attribute, and shows a correct one.
    fn example(&mut self, attribute: &Attribute, place: Place, wrong: String, right: &str) {
        let message = Message::from(format!("{wrong}\nhelp: `{right}`"));
        self.report.error(place, message.fix([Edit::instead(place_of(attribute), right)]));
    }

    /// Only doc comments are allowed on a block.
    pub(super) fn no_attributes(&mut self, what: &str, attributes: &[Attribute]) {
        for attribute in attributes.iter().filter(|a| !a.path().is_ident("doc")) {
            let message = format!("a {what} does not take this attribute\nhelp: it takes doc comments only");
            self.report.error(place_of(attribute), message);
        }
    }
}

const EXPECTED_FILE: &str =
    "expected the path of a file\nhelp: `#[weights(\"file.safetensors\")]`, relative to the crate's root";
/// What `#![crate = …]` is for.
pub(super) const CRATE: &str =
    "`#![crate = \"path::to::cnn\"]` if the crate has another name, or `#![crate = $crate::cnn]` in a macro";
const RULE: &str = "`rename(\"module.*\" => \"*\")` removes a prefix; `*` matches any text";

impl Parse for Embed {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path = input.parse::<LitStr>().map_err(|error| syn::Error::new(error.span(), EXPECTED_FILE))?;
        let mut rename = Vec::new();
        if input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let expected = || format!("expected `rename`\nhelp: {RULE}");
            let keyword = input.parse::<Ident>().map_err(|error| syn::Error::new(error.span(), expected()))?;
            if keyword != "rename" {
                return Err(syn::Error::new(keyword.span(), expected()));
            }
            let content;
            parenthesized!(content in input);
            let rule = |input: ParseStream<'_>| {
                let from = input.parse::<LitStr>()?;
                input.parse::<Token![=>]>()?;
                Ok((from, input.parse::<LitStr>()?))
            };
            let rules = Punctuated::<_, Token![,]>::parse_terminated_with(&content, rule);
            rename.extend(rules.map_err(|error| syn::Error::new(error.span(), format!("{error}\nhelp: {RULE}")))?);
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { path, rename })
    }
}

/// An attribute that may be given once.
struct Once<T> {
    value: Option<T>,
    /// The name of the attribute that gave it.
    given: Option<String>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { value: None, given: None }
    }
}

impl<T> Once<T> {
    /// Reads the attribute; reports it, with `help`, if there was already one of its kind.
    fn set<'r>(
        &mut self,
        parser: &mut Parser<'r>,
        attribute: &Attribute,
        help: &str,
        read: impl Fn(&mut Parser<'r>, &Attribute) -> Option<T>,
    ) {
        let name = attribute.path().get_ident().map(Ident::to_string).unwrap_or_default();
        if let Some(first) = &self.given {
            let twice = if *first == name { "is given twice".to_owned() } else { format!("is given after `{first}`") };
            return parser.report.error(place_of(attribute), format!("`{name}` {twice}\nhelp: {help}"));
        }
        self.given = Some(name);
        self.value = read(parser, attribute);
    }
}

/// The text of `///` lines, without the leading space of each.
#[must_use]
pub fn doc_text(docs: &[Attribute]) -> String {
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
