//! `#[train(…)]`.
//!
//! ```text
//! train = "train" "(" "batch" "=" n { "," option } ")"
//! option = "loss" "=" loss | ( "only" | "except" ) "(" NAME { "," NAME } ")"
//! loss = "cross_entropy" [ "(" "smoothing" "=" share ")" ] | "mean_squared" | "binary_cross_entropy"
//! ```

use cnn_runtime::train::Loss;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Lit, LitInt, LitStr, Result, Token, parenthesized, token};

use super::{Parser, place_of};
use crate::ast::Train;

/// More images in a minibatch are surely a mistake.
const MOST_IMAGES: usize = 65_536;

const LOSSES: &str = "help: for example `loss = mean_squared`; others are `cross_entropy`, `cross_entropy(smoothing = 0.1)` and \
                      `binary_cross_entropy`";
const OPTIONS: &str =
    "help: for example `#[train(batch = 64)]`, `#[train(batch = 8, loss = mean_squared, only(\"fc\"))]`";

impl Parser<'_> {
    /// `#[train(batch = 64, loss = mean_squared, only("fc"))]`
    pub(super) fn train(&mut self, attribute: &Attribute) -> Option<Train> {
        if attribute.meta.require_list().is_err() {
            let wrong = format!("expected the number of images of a minibatch\n{OPTIONS}");
            self.report.error(place_of(attribute), wrong);
            return None;
        }
        let mut read =
            Train { images: 0, loss: None, only: Vec::new(), except: Vec::new(), place: place_of(attribute) };
        let result = attribute.parse_args_with(|input: ParseStream<'_>| {
            while !input.is_empty() {
                option(input, &mut read)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        });
        match result {
            Err(error) => self.report.push(error),
            Ok(()) if read.images == 0 => {
                self.report
                    .error(place_of(attribute), format!("expected `batch = …`, the images of a minibatch\n{OPTIONS}"));
            }
            Ok(()) => return Some(read),
        }
        None
    }
}

/// One option, which may be given once.
fn option(input: ParseStream<'_>, to: &mut Train) -> Result<()> {
    let unknown =
        |input: ParseStream<'_>| input.error(format!("expected `batch`, `loss`, `only` or `except`\n{OPTIONS}"));
    let Ok(word) = input.fork().call(Ident::parse_any) else { return Err(unknown(input)) };
    let twice = |given: bool| {
        if given { Err(Error::new(word.span(), format!("`{word}` is given twice"))) } else { Ok(()) }
    };
    match word.to_string().as_str() {
        "batch" => {
            twice(to.images > 0)?;
            input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            to.images = images(input)?;
        }
        "loss" => {
            twice(to.loss.is_some())?;
            input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            to.loss = Some(loss(input)?);
        }
        "only" | "except" => {
            let names = if word == "only" { &mut to.only } else { &mut to.except };
            twice(!names.is_empty())?;
            input.call(Ident::parse_any)?;
            *names = patterns(input, &word)?;
        }
        _ => return Err(unknown(input)),
    }
    Ok(())
}

fn images(input: ParseStream<'_>) -> Result<usize> {
    let wrong = |span| Error::new(span, format!("expected a number of images, from 1 to {MOST_IMAGES}\n{OPTIONS}"));
    let number: LitInt = input.parse().map_err(|error: Error| wrong(error.span()))?;
    let images = number.base10_parse().ok().filter(|images| (1..=MOST_IMAGES).contains(images));
    images.ok_or_else(|| wrong(number.span()))
}

fn loss(input: ParseStream<'_>) -> Result<Loss> {
    let wrong = |span| Error::new(span, format!("expected a loss\n{LOSSES}"));
    let name = input.call(Ident::parse_any).map_err(|error| wrong(error.span()))?;
    let loss = match name.to_string().as_str() {
        "cross_entropy" if input.peek(token::Paren) => Loss::CrossEntropy { smoothing: smoothing(input)? },
        "cross_entropy" => Loss::CROSS_ENTROPY,
        "mean_squared" => Loss::MeanSquared,
        "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        "mse" | "mse_loss" => return Err(Error::new(name.span(), "mean squared error is `mean_squared` here")),
        "bce" | "bce_with_logits" => {
            return Err(Error::new(name.span(), "binary cross entropy of logits is `binary_cross_entropy` here"));
        }
        _ => return Err(wrong(name.span())),
    };
    Ok(loss)
}

/// `"(" "smoothing" "=" share ")"`
fn smoothing(input: ParseStream<'_>) -> Result<f64> {
    let content;
    parenthesized!(content in input);
    let word: Ident = content.parse()?;
    if word != "smoothing" {
        return Err(Error::new(word.span(), format!("expected `smoothing`\n{LOSSES}")));
    }
    content.parse::<Token![=]>()?;
    let number: Lit = content.parse()?;
    let share = match &number {
        Lit::Float(number) => number.base10_parse::<f64>().ok(),
        Lit::Int(number) => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    let wrong = "expected the share of a target that is spread over all classes, from 0 to 1";
    share.filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| Error::new(number.span(), wrong))
}

/// `"(" NAME { "," NAME } ")"`
fn patterns(input: ParseStream<'_>, word: &Ident) -> Result<Vec<LitStr>> {
    let example = format!("help: for example `{word}(\"fc\")`, `{word}(\"layer4.*\", \"fc\")`");
    if !input.peek(token::Paren) {
        return Err(Error::new(word.span(), format!("expected names of layers in parentheses\n{example}")));
    }
    let content;
    let parens = parenthesized!(content in input);
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content);
    let names: Vec<LitStr> = names
        .map_err(|error| Error::new(error.span(), format!("expected the name of a layer\n{example}")))?
        .into_iter()
        .collect();
    if names.is_empty() {
        return Err(Error::new(parens.span.join(), format!("expected the name of a layer\n{example}")));
    }
    Ok(names)
}
