//! The nets of a Rust file that is not built: for tools.
//!
//! Each `network!` is found among the tokens of the file, also in modules and functions. The rest of the file is
//! ignored, and may depend on anything. Definitions of macros are left out, since only calls complete their bodies.

use std::ops::Range;

use proc_macro2::{Ident, LexError, TokenStream, TokenTree};
use syn::ext::IdentExt as _;

use crate::ast::{Ast, Model, Net};
use crate::plan::{Options, Plan};
use crate::report::{Report, message};
use crate::train::StepPlan;
use crate::{check_nets, graph, parse, plan_with, training};

/// The invocations of `network!` in a Rust file.
pub struct File {
    invocations: Vec<TokenStream>,
}

/// A mistake at some bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The bytes.
    pub place: Range<usize>,
    /// What is wrong, in the first line; lines of detail; and the fix, after `help: `.
    pub text: String,
}

/// A net of a file, without mistakes.
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its doc comment.
    pub doc: String,
    /// Its plan, which is what the macro emits.
    pub plan: Plan,
    /// The plan for one image, if that is for several.
    pub single: Option<Plan>,
    /// What its attributes ask of the plan.
    pub options: Options,
    /// `#[weights("…")]`
    pub weights: Option<Weights>,
    /// The plan of its training step, with `#[train(…)]`.
    pub step: Option<StepPlan>,
}

/// The file of `#[weights("…")]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// The path, relative to the root of the crate.
    pub path: String,
    /// Rules that rename its tensors: from, to.
    pub rename: Vec<(String, String)>,
}

impl File {
    /// Finds the invocations in a text.
    ///
    /// # Errors
    ///
    /// If it can't be split into Rust tokens: for example, if a bracket or a quote is not closed.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let tokens = tokens(text)?;
        Ok(Self { invocations: invocations(tokens) })
    }

    /// The names of all nets, in order.
    #[must_use]
    pub fn nets(&self) -> Vec<String> {
        let of = |tokens: &TokenStream| names(&parse::parse(tokens.clone(), &mut Report::default()));
        self.invocations.iter().flat_map(of).collect()
    }

    /// The mistakes in the syntax of all invocations. Without any, [`nets`](Self::nets) are all.
    #[must_use]
    pub fn mistakes(&self) -> Vec<Wrong> {
        let mut report = Report::default();
        self.invocations.iter().for_each(|tokens| drop(parse::parse(tokens.clone(), &mut report)));
        wrongs(report)
    }

    /// Compiles the first net of this name; `None` if there is none.
    ///
    /// # Errors
    ///
    /// All mistakes in its invocation of `network!`, in the order of the file: code is emitted for none of the nets then.
    #[must_use]
    pub fn compile(&self, name: &str) -> Option<Result<Found, Vec<Wrong>>> {
        self.invocations.iter().find_map(|tokens| {
            let mut report = Report::default();
            let ast = parse::parse(tokens.clone(), &mut report);
            let net = ast.nets.iter().find(|net| plain(&net.name) == name)?;
            if let Some(index) = net.model {
                let Model { format, path, .. } = &ast.models[index];
                let wrong = format!("`{name}` is a model in a file, which is read only where its crate is built");
                let help = format!("give {} itself in the place of this file", path.value());
                report.error(format.span(), message(&wrong, &help));
                return Some(Err(wrongs(report)));
            }
            graph::check(&ast, &mut report);
            check_nets(&ast, &mut report);
            Some(found(net, &ast, report))
        })
    }
}

/// A net, planned.
fn found(net: &Net, ast: &Ast, mut report: Report) -> Result<Found, Vec<Wrong>> {
    let options = net.options();
    let mut planned = |options| if report.is_empty() { plan_with(net, ast, options, &mut report) } else { None };
    let plan = planned(options);
    let single = if options.images > 1 { planned(Options { images: 1, ..options }) } else { None };
    let Some(plan) = plan.filter(|_| report.is_empty()) else { return Err(wrongs(report)) };
    let (name, doc) = (plain(&net.name), parse::doc_text(&net.docs));
    let step = net.train.as_ref().and_then(|train| {
        let training = plan.describe(&name, &doc, |graph| training(train, net.algorithms, &plan, graph, &mut report));
        training.ok().map(|(_, plan)| plan)
    });
    if !report.is_empty() {
        return Err(wrongs(report));
    }
    let weights = net.weights.as_ref().map(|embed| Weights {
        path: embed.path.value(),
        rename: embed.rename.iter().map(|(from, to)| (from.value(), to.value())).collect(),
    });
    Ok(Found { name, doc, plan, single, options, weights, step })
}

/// Mistakes in the order of the file.
fn wrongs(report: Report) -> Vec<Wrong> {
    let wrong = |error: syn::Error| Wrong { place: error.span().byte_range(), text: error.to_string() };
    report.into_error().into_iter().flatten().map(wrong).collect()
}

fn names(ast: &Ast) -> Vec<String> {
    ast.nets.iter().map(|net| plain(&net.name)).collect()
}

fn plain(name: &Ident) -> String {
    name.unraw().to_string()
}

/// The tokens of a file.
///
/// # Errors
///
/// If it can't be split into Rust tokens: a bracket or a quote is not closed, or Rust has no such character.
pub fn tokens(text: &str) -> Result<TokenStream, Wrong> {
    script(text).parse().map_err(|error: LexError| {
        let start = error.span().byte_range().start;
        let sign = text.get(start..).and_then(|rest| rest.chars().next()).filter(|sign| !sign.is_ascii());
        let place = start..start + sign.map_or(1, char::len_utf8);
        let Some(sign) = sign else {
            // As in Python.
            let is_quote = text.get(start..).is_some_and(|rest| rest.starts_with('\''));
            let help = if is_quote {
                "single quotes hold one character: remove them"
            } else {
                "close all brackets, quotes and comments"
            };
            return Wrong {
                place: error.span().byte_range(),
                text: message("this can't be read as Rust", help).to_string(),
            };
        };
        let wrong = format!("this can't be read as Rust: `{sign}` ({}) is none of its signs", sign.escape_unicode());
        let help =
            in_ascii(sign).map_or("remove it, or put it in a comment".to_owned(), |ascii| format!("type `{ascii}`"));
        Wrong { place, text: message(&wrong, &help).to_string() }
    })
}

/// The Rust character that a typographic one resembles, which text editors and web pages substitute for it.
fn in_ascii(sign: char) -> Option<&'static str> {
    Some(match sign {
        '×' | '✕' | '⨯' | 'х' => "x",
        '→' | '⟶' | '➔' => "->",
        '⇒' => "=>",
        '“' | '”' | '„' | '«' | '»' | '＂' => "\"",
        '‘' | '’' | '′' => "'",
        '–' | '—' | '−' | '‐' | '‑' | '－' => "-",
        '；' => ";",
        '：' => ":",
        '，' | '、' => ",",
        '（' => "(",
        '）' => ")",
        '［' => "[",
        '］' => "]",
        '｛' => "{",
        '｝' => "}",
        '＝' => "=",
        '．' | '…' => "..",
        '∕' | '÷' => "/",
        '\u{a0}' | '\u{2007}' | '\u{202f}' | '\u{3000}' => " ",
        _ => return None,
    })
}

/// A file without its first line if that is for the shell; its other bytes stay where they are.
fn script(text: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") && !first[2..].trim_start().starts_with('[') => {
            format!("{}\n{rest}", " ".repeat(first.len()))
        }
        _ => text.to_owned(),
    }
}

/// What is in each `network! { … }`.
fn invocations(tokens: TokenStream) -> Vec<TokenStream> {
    let mut found = Vec::new();
    // A stack, since brackets may be nested deeply.
    let mut inside = vec![tokens.into_iter()];
    let mut last = Last::Other;
    while let Some(tokens) = inside.last_mut() {
        let Some(token) = tokens.next() else {
            inside.pop();
            last = Last::Other;
            continue;
        };
        last = match (last, token) {
            (Last::Called(Macro::Network), TokenTree::Group(group)) => {
                found.push(group.stream());
                Last::Other
            }
            // `macro_rules! name { … }`
            (Last::Called(Macro::Rules), TokenTree::Ident(_)) => Last::Called(Macro::Rules),
            (Last::Called(Macro::Rules), TokenTree::Group(_)) => Last::Other,
            (_, TokenTree::Group(group)) => {
                inside.push(group.stream().into_iter());
                Last::Other
            }
            (_, TokenTree::Ident(word)) if word == "network" => Last::Name(Macro::Network),
            (_, TokenTree::Ident(word)) if word == "macro_rules" => Last::Name(Macro::Rules),
            (Last::Name(name), TokenTree::Punct(mark)) if mark.as_char() == '!' => Last::Called(name),
            (_, TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_)) => Last::Other,
        };
    }
    found
}

/// What the last tokens were.
#[derive(Clone, Copy)]
enum Last {
    /// The name of a macro.
    Name(Macro),
    /// The name and `!`.
    Called(Macro),
    Other,
}

#[derive(Clone, Copy)]
enum Macro {
    Network,
    Rules,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NET: &str = "Tiny: 1x4x4 -> 3 { flatten -> fc: linear(3); }";

    fn names_of(text: &str) -> Vec<String> {
        File::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}")).nets()
    }

    #[test]
    fn nets_are_found_wherever_they_are() {
        let in_a_function =
            format!("mod a {{ fn b() {{ ::cnn::network!({NET}); }} }} network! {{ pub Two = Tiny; {NET} }}");
        assert_eq!(names_of(&in_a_function), ["Tiny", "Two", "Tiny"]);
        let script = format!("#!/usr/bin/env cargo\n#![allow(dead_code)]\ncnn::network![{NET}];");
        assert_eq!(names_of(&script), ["Tiny"]);
        assert_eq!(names_of(&format!("#![no_std]\nnetwork! {{{NET}}}")), ["Tiny"]);
    }

    #[test]
    fn what_only_looks_like_a_net_is_none() {
        for text in [
            "",
            "fn network() -> bool { !network }",
            "// network! { A: 1 -> 1 {} }",
            "const A: &str = \"network! { A: 1 -> 1 {} }\";",
            "macro_rules! net { ($name:ident) => { network! { $name: 1x4x4 -> 3 { fc: linear(3); } } } }",
        ] {
            assert_eq!(names_of(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_net_is_compiled_with_its_attributes() {
        let text = format!(
            "network! {{ /// A net.\n #[weights(\"w.safetensors\", rename(\"a.*\" => \"*\"))] {NET} #[batch(2)] Two = Tiny; }}"
        );
        let file = File::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let found = |name: &str| file.compile(name).map(|found| found.unwrap_or_else(|wrong| panic!("{wrong:?}")));
        let tiny = found("Tiny").expect("it is there");
        assert_eq!((tiny.doc.as_str(), tiny.options.images), ("A net.", 1));
        let weights = tiny.weights.expect("it has some");
        assert_eq!(
            (weights.path.as_str(), weights.rename),
            ("w.safetensors", vec![("a.*".to_owned(), "*".to_owned())])
        );
        assert_eq!(found("Two").map(|two| (two.options.images, two.weights)), Some((2, None)));
        assert!(found("Three").is_none());
    }

    #[test]
    fn a_net_that_trains_has_the_plan_of_a_step() {
        let text = "network! { #[train(batch = 4)] A: 1x6x6 -> 3 { conv(2, 3x3) -> relu -> max_pool(2x2) -> dropout(0.5); fc: linear(3); }\n\
                    #[train(batch = 2)] B: 4 -> 1 { fc: linear(1) -> relu -> step -> fc2: linear(1); } C = A; }";
        let file = File::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let found = |name: &str| file.compile(name).expect("it is there");
        let a = found("A").unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let step = a.step.expect("it trains");
        assert_eq!((step.layout().images, step.recomputed.clone()), (4, vec!["places of maxima", "masks of dropout"]));
        step.memory(|memory| {
            let turn = memory.times[step.turn()];
            assert_eq!((memory.times[0], memory.times[step.turn() - 1], turn), ("input", "loss", "fc.tensors"));
            for (index, buffer) in memory.buffers.iter().enumerate() {
                assert!(buffer.offset + buffer.len <= memory.floats && buffer.first <= buffer.last, "{buffer:?}");
                for other in &memory.buffers[index + 1..] {
                    let at_once = buffer.first <= other.last && other.first <= buffer.last;
                    let apart = buffer.offset + buffer.len <= other.offset || other.offset + other.len <= buffer.offset;
                    assert!(!at_once || apart, "{buffer:?} {other:?}");
                }
            }
            let gradients = memory.buffers.iter().filter(|buffer| buffer.holds == cnn_net::memory::Holds::Gradient);
            assert!(
                gradients.clone().count() >= 4 && gradients.clone().all(|gradient| gradient.last >= step.turn() - 1)
            );
        });
        assert!(found("C").is_ok_and(|c| c.step.is_none()));
        let Err(wrongs) = found("B") else { panic!("it can't be trained") };
        assert_eq!(&text[wrongs[0].place.clone()], "step", "{wrongs:?}");
    }

    #[test]
    fn mistakes_are_at_bytes_of_the_file() {
        let text = "// ü\nfn f() {}\nnetwork! { block b() { x: conv(0, 3x3); } N: 1x4x4 -> 3 { b(); fc: linear(3); } }";
        let file = File::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let Some(Err(wrongs)) = file.compile("N") else { panic!("it has a mistake") };
        let places: Vec<&str> = wrongs.iter().map(|wrong| &text[wrong.place.clone()]).collect();
        assert_eq!(places, ["0"], "{wrongs:?}");
        let open = File::parse("network! { N: 1 -> 1 {").err().expect("it is open");
        assert!(open.text.starts_with("this can't be read as Rust"), "{open:?}");
        let quoted = "network! { N: 4 -> 3 { conv(4, 3x3, pad = 'same'); } }";
        let wrong = File::parse(quoted).err().expect("a character has one sign");
        assert!(wrong.text.ends_with("help: single quotes hold one character: remove them"), "{wrong:?}");
        let typed = "network! { N: 1×4 -> 3 { } }";
        let wrong = File::parse(typed).err().expect("a sign is none of Rust's");
        assert_eq!(&typed[wrong.place], "×");
        assert!(wrong.text.ends_with("help: type `x`"), "{}", wrong.text);
    }
}
