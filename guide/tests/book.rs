//! The guide agrees with the code: messages are the compiler's, declarations and figures are the repository's, links lead somewhere,
//! and numbers in tables are those that the examples check.

#[path = "support/chapters.rs"]
mod chapters;

use std::fs;
use std::path::{Path, PathBuf};

use chapters::{Chapter, chapters};
use cnn_compiler::parse;
use proc_macro2::{TokenStream, TokenTree};

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// What `network!` in a source says about it, as rustc shows it.
fn messages(source: &str) -> String {
    let tokens: Vec<TokenTree> = source.parse::<TokenStream>().expect("tokens").into_iter().collect();
    let network = tokens.windows(3).find_map(|window| match window {
        [TokenTree::Ident(name), _, TokenTree::Group(body)] if name == "network" => Some(body.stream()),
        _ => None,
    });
    let network = network.unwrap_or_else(|| panic!("no `network!` in\n{source}"));
    let mut report = cnn_compiler::check(network.clone());
    if report.is_empty() {
        let ast = parse::parse(network, &mut report);
        for net in &ast.nets {
            cnn_compiler::plan_net(net, &ast, &mut report);
        }
    }
    let errors: Vec<syn::Error> = report.into_error().into_iter().flatten().collect();
    let messages: Vec<String> = errors.iter().map(|error| message(source, error)).collect();
    messages.join("\n")
}

/// ```text
/// error: conv: `size` is missing
///  --> src/main.rs:3:9
///   |
/// 3 |         conv(8);
///   |         ^^^^
/// ```
fn message(source: &str, error: &syn::Error) -> String {
    let (start, end) = (error.span().start(), error.span().end());
    let line = source.lines().nth(start.line - 1).expect("a line of the source");
    let marked = if end.line == start.line { end.column } else { line.chars().count() } - start.column;
    let (number, column) = (start.line, start.column + 1);
    let gutter = " ".repeat(number.to_string().len());
    let text = error.to_string().replace('\n', "\n       ");
    let (space, carets) = (" ".repeat(start.column), "^".repeat(marked));
    format!(
        "error: {text}\n{gutter}--> src/main.rs:{number}:{column}\n{gutter} |\n{number} | {line}\n{gutter} | {space}{carets}\n"
    )
}

/// Each net that does not compile is followed by the compiler's messages.
#[test]
fn messages_are_those_of_the_compiler() {
    let mut faulty = 0;
    for chapter in chapters(&guide()) {
        let blocks = chapter.blocks();
        let pairs = blocks.windows(2).filter(|pair| pair[0].kind.contains("compile_fail"));
        let expected = pairs.map(|pair| {
            assert_eq!(pair[1].kind, "text", "{}: messages follow a faulty net", chapter.path.display());
            (pair[1].range.clone(), messages(&chapter.text[pair[0].range.clone()]))
        });
        let expected: Vec<_> = expected.collect();
        faulty += expected.len();
        chapter.check(&expected, |found, expected| found == expected);
    }
    assert!(faulty > 10, "only {faulty} faulty nets were found");
}

/// The chapters about nets declare those of `models`: each net and each block, line by line.
#[test]
fn declarations_are_those_of_the_nets() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for net in ["lenet5", "alexnet", "vgg", "inception_v1", "resnet"] {
        let source = fs::read_to_string(root.join(format!("models/src/{net}.rs"))).expect("a net");
        let is_about = |line: &&str| ["///", "#["].iter().any(|start| line.trim_start().starts_with(start));
        let lines = |text: &str| text.lines().filter(|line| !is_about(line)).collect::<Vec<_>>().join("\n");
        let page = match net {
            "vgg" => "vgg16.md".to_owned(),
            "resnet" => "resnet50.md".to_owned(),
            net => format!("{}.md", net.replace('_', "-")),
        };
        let page = fs::read_to_string(guide().join(page)).expect("a chapter");
        let (_, declared) = page.split_once("cnn::network! {\n").expect("a declaration");
        let (declared, _) = declared.split_once("\n}\n").expect("its end");
        let source = lines(&source);
        for item in lines(declared).split("\n\n") {
            assert!(source.contains(item), "{net} is declared otherwise than\n{item}");
        }
    }
}

/// The numbers in the table of nets are those that the chapters check.
#[test]
fn numbers_in_the_table_are_checked_in_the_chapters() {
    let page = fs::read_to_string(guide().join("nets.md")).expect("the chapter with the table");
    let rows = page.lines().filter(|line| line.starts_with("| ["));
    let checked = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, net, _, layers, parameters, macs, ..] = cells[..] else { panic!("too few cells in {row}") };
        let (_, chapter) = net.trim_end_matches(')').split_once('(').expect("a link");
        let chapter = fs::read_to_string(guide().join(chapter)).expect("a chapter");
        let [parameters, macs] = [parameters, macs].map(|number| number.replace(',', "_"));
        for check in [
            format!("::GRAPH.depth().layers(), {layers})"),
            format!("::PARAMETERS, {parameters})"),
            format!("::MACS, {macs})"),
        ] {
            assert!(chapter.contains(&check), "{net}: its chapter does not say `{check}`");
        }
    });
    assert_eq!(checked.count(), 5);
}

/// The names of the figures.
fn figures() -> Vec<String> {
    let files = fs::read_dir(guide().join("figures")).expect("the folder of figures");
    files.map(|file| file.expect("a figure").file_name().display().to_string()).collect()
}

/// They are copies, since mdBook serves only what is among the chapters; `BLESS=1` copies them again.
#[test]
fn figures_are_those_of_the_repository() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for figure in figures() {
        // The perceptron is in both, as a figure with its numbers and as the diagram of a net; the guide shows the figure.
        let drawn = ["cnn-diagram/figures", "models/diagrams"].map(|folder| root.join(folder).join(&figure));
        let drawn = drawn.iter().find(|path| path.exists()).expect("a drawing of this name");
        let copy = guide().join("figures").join(&figure);
        if std::env::var_os("BLESS").is_some() {
            fs::copy(drawn, &copy).expect("the figure can be written");
        }
        let same = fs::read(&copy).expect("the copy") == fs::read(drawn).expect("the drawing");
        assert!(same, "{figure} is not {}; `BLESS=1` copies it", drawn.display());
    }
}

/// The targets of links and images in a chapter, outside of blocks.
fn links(chapter: &Chapter) -> Vec<&str> {
    let mut prose = vec![0];
    prose.extend(chapter.blocks().iter().flat_map(|block| [block.range.start, block.range.end]));
    prose.push(chapter.text.len());
    let texts = prose.chunks(2).map(|part| &chapter.text[part[0]..part[1]]);
    texts.flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn links_lead_to_chapters_and_figures_and_all_of_these_are_used() {
    let all = chapters(&guide());
    let mut linked = Vec::new();
    for chapter in &all {
        for link in links(chapter).into_iter().filter(|link| !link.starts_with("https://")) {
            assert!(guide().join(link).is_file(), "{}: {link}", chapter.path.display());
            linked.push(link);
        }
    }
    for figure in figures() {
        let link = format!("figures/{figure}");
        assert!(linked.contains(&link.as_str()), "{link} is not used");
    }
    let summary = fs::read_to_string(guide().join("SUMMARY.md")).expect("the table of contents");
    let tested = fs::read_to_string(guide().join("../lib.rs")).expect("the crate");
    for chapter in &all {
        let name = chapter.path.file_name().expect("a name").display().to_string();
        if name != "SUMMARY.md" {
            assert!(summary.contains(&format!("({name})")), "{name} is not in SUMMARY.md");
            assert!(tested.contains(&format!("\"{name}\";")), "{name} is not tested by lib.rs");
        }
    }
}

/// Rust in the guide runs as a test; only faulty nets are not run.
#[test]
fn no_example_is_ignored() {
    for chapter in chapters(&guide()) {
        for block in chapter.blocks() {
            let known = ["rust", "rust,compile_fail", "text", "toml", "python", "sh", "js"];
            assert!(known.contains(&block.kind.as_str()), "{}: `{}`", chapter.path.display(), block.kind);
        }
    }
}
