//! `#[train(…)]`.
//!
//! ```text
//! train = "train" "(" "batch" "=" n { "," option } ")"
//! option = "loss" "=" loss | "loss" "(" OUTPUT "=" loss { "," OUTPUT "=" loss } ")"
//!        | ( "only" | "except" ) "(" NAME { "," NAME } ")"
//! loss = ( "cross_entropy" | "mean_squared" | "binary_cross_entropy" ) [ "(" setting { "," setting } ")" ]
//! setting = "weight" "=" number | "smoothing" "=" share
//! ```

use cnn_runtime::train::{Criterion, Loss};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, Ident, Lit, LitInt, LitStr, Result, Token, parenthesized, token};

use super::{Parser, place_of};
use crate::ast::{Losses, Train};
use crate::report::message;

/// More images in a minibatch are surely a mistake.
const MOST_IMAGES: usize = 65_536;

const LOSSES: &str = "help: for example `loss = mean_squared`; others are `cross_entropy`, `cross_entropy(smoothing = 0.1)` and \
                      `binary_cross_entropy`";
const SETTINGS: &str = "help: for example `loss = cross_entropy(smoothing = 0.1)`, `loss = mean_squared(weight = 0.5)`";
const EACH: &str =
    "help: for example `loss(class = cross_entropy, corners = mean_squared(weight = 0.1))`, of outputs by their names";
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
        if cfg!(not(feature = "train")) {
            let wrong = "a net that trains needs the feature `train` of the crate `cnn`, which is off";
            let help = "`cargo add cnn --features train`, or `features = [\"train\"]` at `cnn` in Cargo.toml";
            self.report.error(place_of(attribute), message(wrong, help));
            return None;
        }
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
            to.loss = Some(if input.peek(token::Paren) {
                Losses::Each(losses(input)?)
            } else {
                input.parse::<Token![=]>()?;
                Losses::All(criterion(input)?)
            });
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

/// `"(" OUTPUT "=" loss { "," OUTPUT "=" loss } ")"`
fn losses(input: ParseStream<'_>) -> Result<Vec<(Ident, Criterion)>> {
    let content;
    let parens = parenthesized!(content in input);
    let mut all: Vec<(Ident, Criterion)> = Vec::new();
    while !content.is_empty() {
        let wrong = |span| Error::new(span, format!("expected an output and its loss\n{EACH}"));
        let name = content.call(Ident::parse_any).map_err(|error| wrong(error.span()))?;
        content.parse::<Token![=]>().map_err(|error| wrong(error.span()))?;
        if all.iter().any(|(other, _)| other.unraw() == name.unraw()) {
            return Err(Error::new(name.span(), format!("the loss of `{name}` is given twice")));
        }
        all.push((name, criterion(&content)?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    if all.is_empty() {
        return Err(Error::new(parens.span.join(), format!("expected an output and its loss\n{EACH}")));
    }
    Ok(all)
}

/// A loss and its settings.
fn criterion(input: ParseStream<'_>) -> Result<Criterion> {
    let wrong = |span| Error::new(span, format!("expected a loss\n{LOSSES}"));
    let name = input.call(Ident::parse_any).map_err(|error| wrong(error.span()))?;
    let loss = match name.to_string().as_str() {
        "cross_entropy" => Loss::CROSS_ENTROPY,
        "mean_squared" => Loss::MeanSquared,
        "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        "mse" | "mse_loss" => return Err(Error::new(name.span(), "mean squared error is `mean_squared` here")),
        "bce" | "bce_with_logits" => {
            return Err(Error::new(name.span(), "binary cross entropy of logits is `binary_cross_entropy` here"));
        }
        _ => return Err(wrong(name.span())),
    };
    let mut criterion = Criterion::from(loss);
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        let mut given: Vec<Ident> = Vec::new();
        while !content.is_empty() {
            let word = setting(&content, &mut criterion)?;
            if given.contains(&word) {
                return Err(Error::new(word.span(), format!("`{word}` is given twice")));
            }
            given.push(word);
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
    }
    Ok(criterion)
}

/// A setting of a loss.
fn setting(input: ParseStream<'_>, of: &mut Criterion) -> Result<Ident> {
    let word: Ident = input.call(Ident::parse_any)?;
    match (word.to_string().as_str(), &mut of.loss) {
        ("weight", _) => {
            let expected = "expected what the loss is multiplied by, for example `weight = 0.5`";
            of.weight = number(input, expected, |weight| weight >= 0.0 && (weight as f32).is_finite())? as f32;
        }
        ("smoothing", Loss::CrossEntropy { smoothing }) => {
            let expected = "expected the share of a target that is spread over all classes, from 0 to 1";
            *smoothing = number(input, expected, |share| (0.0..=1.0).contains(&share))?;
        }
        ("smoothing", _) => {
            return Err(Error::new(word.span(), format!("only classes are smoothed\n{SETTINGS}")));
        }
        _ => return Err(Error::new(word.span(), format!("expected `weight` or `smoothing`\n{SETTINGS}"))),
    }
    Ok(word)
}

/// `"=" number`
fn number(input: ParseStream<'_>, expected: &str, is_right: impl Fn(f64) -> bool) -> Result<f64> {
    input.parse::<Token![=]>()?;
    let number: Lit = input.parse().map_err(|error: Error| Error::new(error.span(), expected))?;
    let value = match &number {
        Lit::Float(number) => number.base10_parse::<f64>().ok(),
        Lit::Int(number) => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    value.filter(|value| is_right(*value)).ok_or_else(|| Error::new(number.span(), expected))
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
