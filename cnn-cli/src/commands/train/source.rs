//! The net of a Rust file, with a training step.
//!
//! What is built is the file with nothing but its `network!`, at the same lines, so that the compiler's messages have the lines of the
//! file. If layers call code of the user, the whole file is built.

use std::ops::Range;
use std::path::{Path, PathBuf};

use cnn_compiler::file::tokens;
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use crate::failure::{Failure, printable};

/// Images of a minibatch, if neither the file nor the user says.
pub(super) const BATCH: usize = 64;

/// A Rust file with a net that trains.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it came from.
    pub(super) path: PathBuf,
    /// The name of the net.
    pub(super) net: String,
    /// The file.
    pub(super) text: String,
    /// What trains it, as the file calls that.
    pub(super) entry: String,
}

/// A net in a `network!`.
struct Net {
    name: String,
    /// Where its attributes begin.
    start: usize,
    /// Its `#[train(…)]`, and the number of images in it.
    train: Option<Option<Range<usize>>>,
    /// Whether it is in a file, `= onnx("…")`.
    is_model: bool,
}

/// A `network! { … }`.
struct Invocation {
    group: Group,
    /// The groups around it, from the outermost on.
    around: Vec<Around>,
    nets: Vec<Net>,
    /// What another crate does not have: files of weights, and the path of `cnn`.
    strange: Vec<Range<usize>>,
    calls_code: bool,
}

/// A group in a file.
#[derive(Clone)]
struct Around {
    /// The name, if it is a module.
    module: Option<String>,
    /// Where it ends.
    close: usize,
}

impl Source {
    /// The net of this name, or the only one, in minibatches of this many images.
    pub(super) fn of_file(path: &Path, text: &str, net: Option<&str>, batch: Option<usize>) -> Result<Self, Failure> {
        // `#!/usr/bin/env` is for the shell.
        let text = match text.split_once('\n') {
            Some((first, rest)) if first.starts_with("#!") && !first.starts_with("#![") => format!("\n{rest}"),
            _ => text.to_owned(),
        };
        let tokens = tokens(&text).map_err(|wrong| Failure::Mistakes {
            path: path.to_path_buf(),
            text: text.clone().leak(),
            mistakes: vec![wrong],
        })?;
        let mut found = Vec::new();
        invocations(tokens, &mut found);
        let (invocation, net) = chosen(path, &found, net)?;
        if net.is_model {
            return Err(Failure::of_file(path, format_args!("names a file for `{}`: {IMPORT}", net.name)));
        }
        let mut edits: Vec<(Range<usize>, String)> = found
            .iter()
            .flat_map(|invocation| &invocation.strange)
            .map(|range| (range.clone(), String::new()))
            .collect();
        match (&net.train, batch) {
            (None, _) => edits.push((net.start..net.start, format!("#[train(batch = {})] ", batch.unwrap_or(BATCH)))),
            (Some(Some(number)), Some(batch)) => edits.push((number.clone(), batch.to_string())),
            (Some(_), _) => {}
        }
        let mut entry = format!("::cnn_train::main::<{}<'static>>()", net.name);
        let text = if invocation.calls_code {
            // From inside the net's modules, one after another: none needs to be public.
            for Around { module, close } in invocation.around.iter().rev() {
                let module = module.as_ref().ok_or_else(|| {
                    let wrong = format!("declares `{}` inside of a function, with layers that call code", net.name);
                    Failure::of_file(path, format_args!("{wrong}: move both out of it"))
                })?;
                edits.push((*close..*close, format!(" {}", function(&entry))));
                entry = format!("{module}::{FUNCTION}()");
            }
            edited(&text, 0..text.len(), edits)
        } else {
            let range = invocation.group.span().byte_range();
            let lines = text[..range.start].matches('\n').count();
            let end = if invocation.group.delimiter() == Delimiter::Brace { "" } else { ";" };
            format!("{}::cnn::network! {}{end}\n", "\n".repeat(lines), edited(&text, range, edits))
        };
        Ok(Self { path: path.to_path_buf(), net: net.name.clone(), text, entry })
    }
}

/// How a model comes to be trained.
pub(super) const IMPORT: &str = "write the model as a declaration first, `cnn import MODEL -o net.rs -w net.safetensors`, and then \
                                 `cnn train net.rs --from net.safetensors`";

/// The function that trains the net, in the file and in each of the net's modules.
pub(super) const FUNCTION: &str = "cnn_train_main";

/// That function.
pub(super) fn function(entry: &str) -> String {
    format!("pub(super) fn {FUNCTION}() -> ::std::process::ExitCode {{ {entry} }}\n")
}

/// A part of a text with some of its parts replaced.
fn edited(text: &str, part: Range<usize>, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.retain(|(range, _)| part.start <= range.start && range.end <= part.end);
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut result = String::new();
    let mut at = part.start;
    for (range, new) in edits {
        // Lines stay where they are.
        let lines = "\n".repeat(text[range.clone()].matches('\n').count());
        result += &text[at..range.start];
        result += &new;
        result += &lines;
        at = range.end;
    }
    result + &text[at..part.end]
}

fn chosen<'a>(path: &Path, found: &'a [Invocation], net: Option<&str>) -> Result<(&'a Invocation, &'a Net), Failure> {
    let nets: Vec<(&Invocation, &Net)> =
        found.iter().flat_map(|invocation| invocation.nets.iter().map(move |net| (invocation, net))).collect();
    let names = || nets.iter().map(|(_, net)| net.name.as_str()).collect::<Vec<_>>().join(", ");
    match (net, &nets[..]) {
        (_, []) => Err(Failure::of_file(path, "declares no net: write one, `network! { Net: 1x28x28 -> 10 { … } }`")),
        (None, [one]) => Ok(*one),
        (None, _) => {
            let wrong = format!("declares several nets, {}: say which, as in FILE.rs::{}", names(), nets[0].1.name);
            Err(Failure::of_file(path, wrong))
        }
        (Some(name), nets) => nets.iter().find(|(_, net)| net.name == name).copied().ok_or_else(|| {
            Failure::of_file(path, format_args!("declares no net `{}`, but {}", printable(name), names()))
        }),
    }
}

/// All `network! { … }`, also in modules and functions.
fn invocations(tokens: TokenStream, found: &mut Vec<Invocation>) {
    let mut inside = vec![tokens.into_iter()];
    let mut around: Vec<Around> = Vec::new();
    // How much of `network` and `!` came just before, and of `mod` and a name.
    let mut seen = 0;
    let (mut is_mod, mut module) = (false, None);
    while let Some(tokens) = inside.last_mut() {
        let Some(token) = tokens.next() else {
            inside.pop();
            around.pop();
            seen = 0;
            continue;
        };
        let of = module.take();
        if let TokenTree::Ident(word) = &token {
            module = is_mod.then(|| word.to_string());
            is_mod = word == "mod";
        }
        seen = match (seen, token) {
            (2, TokenTree::Group(group)) => {
                found.push(Invocation::read(group, around.clone()));
                0
            }
            (_, TokenTree::Group(group)) => {
                around.push(Around { module: of, close: group.span_close().byte_range().start });
                inside.push(group.stream().into_iter());
                0
            }
            (_, TokenTree::Ident(word)) if word == "network" => 1,
            (1, TokenTree::Punct(mark)) if mark.as_char() == '!' => 2,
            (_, TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_)) => 0,
        };
    }
}

impl Invocation {
    /// Finds the nets among its items: `[attributes] [pub] Name: …` or `[attributes] [pub] Name = …`, and not `block name(…)` or
    /// `const NAME = …`. What is no item is left to the compiler.
    fn read(group: Group, around: Vec<Around>) -> Self {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut invocation =
            Self { calls_code: calls_code(group.stream()), group, around, nets: Vec::new(), strange: Vec::new() };
        let mut at = 0;
        while at < tokens.len() {
            at = invocation.item(&tokens, at);
        }
        invocation
    }

    /// Reads an item, and returns where the next one begins.
    fn item(&mut self, tokens: &[TokenTree], first: usize) -> usize {
        let (mut at, mut train) = (first, None);
        while let Some(is_inner) = attribute(&tokens[at..]) {
            let group = &tokens[at + 1 + usize::from(is_inner)];
            let range = tokens[at].span().byte_range().start..group.span().byte_range().end;
            let TokenTree::Group(group) = group else { break };
            match group.stream().into_iter().next() {
                Some(TokenTree::Ident(word)) if word == "weights" || (is_inner && word == "crate") => {
                    self.strange.push(range)
                }
                Some(TokenTree::Ident(word)) if word == "train" => train = Some(images(group.stream())),
                _ => {}
            }
            at += 2 + usize::from(is_inner);
        }
        let visible = is_word(tokens.get(at), "pub");
        let in_path =
            matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
        at += usize::from(visible) + usize::from(visible && in_path);
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(mark))) = (tokens.get(at), tokens.get(at + 1))
            && matches!(mark.as_char(), ':' | '=')
        {
            let start = tokens[first_outer(tokens, first)].span().byte_range().start;
            let is_model = ["onnx", "tflite"].iter().any(|format| is_word(tokens.get(at + 2), format));
            self.nets.push(Net { name: plain(name), start, train, is_model });
        }
        // A net ends in braces after its output, or in a semicolon; its inputs may be in braces, too.
        while let Some(token) = tokens.get(at) {
            at += 1;
            let ends = match token {
                TokenTree::Punct(mark) => mark.as_char() == ';',
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !is_arrow(&tokens[at..]),
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            };
            // The braces of several outputs are followed by those of the body.
            let body = matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
            if ends && !body {
                break;
            }
        }
        at
    }
}

/// Whether an attribute is next: an outer one, or an inner one.
fn attribute(tokens: &[TokenTree]) -> Option<bool> {
    let is_mark = |token: Option<&TokenTree>, mark: char| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
    let is_group = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Group(_)));
    match is_mark(tokens.first(), '#') {
        true if is_group(tokens.get(1)) => Some(false),
        true if is_mark(tokens.get(1), '!') && is_group(tokens.get(2)) => Some(true),
        _ => None,
    }
}

/// The first token of an item that is not of an inner attribute.
fn first_outer(tokens: &[TokenTree], mut first: usize) -> usize {
    while attribute(&tokens[first..]) == Some(true) {
        first += 3;
    }
    first
}

fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(found)) if found == word)
}

fn is_arrow(tokens: &[TokenTree]) -> bool {
    matches!(tokens.first(), Some(TokenTree::Punct(mark)) if mark.as_char() == '-')
}

fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

/// The number in `train(batch = 64, …)`.
fn images(attribute: TokenStream) -> Option<Range<usize>> {
    let group = attribute.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })?;
    let tokens: Vec<TokenTree> = group.into_iter().collect();
    let at = tokens.iter().position(|token| is_word(Some(token), "batch"))?;
    tokens.get(at + 2).map(|number| number.span().byte_range())
}

/// Whether there is a `map(…)` or a `custom(…)`.
fn calls_code(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let calls = tokens.windows(2).any(|pair| {
        let is_call = matches!(&pair[1], TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis);
        is_call && (is_word(Some(&pair[0]), "map") || is_word(Some(&pair[0]), "custom"))
    });
    calls || tokens.into_iter().any(|token| matches!(token, TokenTree::Group(group) if calls_code(group.stream())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, net: Option<&str>, batch: Option<usize>) -> Result<String, String> {
        match Source::of_file(Path::new("a.rs"), text, net, batch) {
            Ok(source) => Ok(source.text),
            Err(Failure::Message(message)) => Err(message),
            Err(Failure::Mistakes { mistakes, .. }) => Err(mistakes[0].text.clone()),
            Err(failure) => panic!("{failure:?}"),
        }
    }

    const TWO: &str = "use cnn::network;\n\nfn main() {}\n\nnetwork! {\n    const W = 3;\n    block b(n) { conv(n, 3x3); }\n    /// One.\n    \
                       #[weights(\"a\")]\n    pub A: { x: 1x4x4, y: 2 } -> { p: 3, q: 4 } { b(W); }\n    #[train(batch = 8, only(\"b\"))] B = A;\n}\n";

    #[test]
    fn the_net_gets_a_step_at_the_lines_of_the_file() {
        let text = source(TWO, Some("A"), None).unwrap_or_else(|error| panic!("{error}"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[4], "::cnn::network! {");
        assert_eq!(lines[7], "    #[train(batch = 64)] /// One.");
        assert_eq!(lines[9], "    pub A: { x: 1x4x4, y: 2 } -> { p: 3, q: 4 } { b(W); }");
        assert!(!text.contains("weights") && !text.contains("main"), "{text}");
        let text = source(TWO, Some("B"), Some(5)).unwrap_or_else(|error| panic!("{error}"));
        assert!(text.contains("#[train(batch = 5, only(\"b\"))] B = A;") && !text.contains("64"), "{text}");
        // As the file says.
        assert!(source(TWO, Some("B"), None).is_ok_and(|text| text.contains("batch = 8")));
    }

    #[test]
    fn layers_by_the_user_need_the_whole_file() {
        let file = "fn f(x: f32) -> f32 { x }\nmod a { cnn::network!(#![crate = \"b\"] N: 4 -> 4 { map(f); }); }";
        let text = source(file, None, Some(2)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            text,
            "fn f(x: f32) -> f32 { x }\nmod a { cnn::network!( #[train(batch = 2)] N: 4 -> 4 { map(f); });  \
             pub(super) fn cnn_train_main() -> ::std::process::ExitCode { ::cnn_train::main::<N<'static>>() }\n}"
        );
        let file = "mod a { mod r#b { network! { N: 4 -> 4 { map(f); } } } }";
        let inner = Source::of_file(Path::new("a.rs"), file, None, None).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(inner.entry, "a::cnn_train_main()");
        assert!(inner.text.contains("ExitCode { r#b::cnn_train_main() }"), "{}", inner.text);
        let error = wrong("fn main() { network! { N: 4 -> 4 { map(f); } } }", None);
        assert!(error.contains("declares `N` inside of a function, with layers that call code: move both"), "{error}");
        let only = source("mod a { cnn::network!(N: 4 -> 4 { relu; }); }", None, None);
        assert_eq!(only, Ok("::cnn::network! (#[train(batch = 64)] N: 4 -> 4 { relu; });\n".to_owned()));
    }

    fn wrong(text: &str, net: Option<&str>) -> String {
        source(text, net, None).expect_err("it is wrong")
    }

    #[test]
    fn a_net_must_be_meant() {
        assert_eq!(wrong(TWO, None), "a.rs declares several nets, A, B: say which, as in FILE.rs::A");
        assert_eq!(wrong(TWO, Some("C")), "a.rs declares no net `C`, but A, B");
        let model = wrong("network! { pub A = onnx(\"a.onnx\"); }", None);
        assert!(model.starts_with("a.rs names a file for `A`: write the model as a declaration first"), "{model}");
        assert!(wrong("fn main() {}", None).starts_with("a.rs declares no net: write one"));
        assert!(wrong("\nnetwork! {", None).starts_with("this can't be read as Rust"));
    }
}
