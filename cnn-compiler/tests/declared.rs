//! Nets written as declarations and read again: the description stays the same.

#[path = "written/nests.rs"]
mod nests;
#[path = "support/random.rs"]
mod random;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use cnn_compiler::parse::{doc_text, parse};
use cnn_compiler::plan::Plan;
use cnn_compiler::report::Report;
use cnn_net::graph::{Graph, Input, Node, Output, Value};
use cnn_net::language::declaration;
use cnn_net::op::{Op, Shape};
use proc_macro2::{TokenStream, TokenTree};
use written::{check, try_check, try_plans};

/// The plans of all nets in the content of a `network!`.
fn plans(tokens: TokenStream) -> Vec<Plan> {
    try_plans(tokens).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The contents of all `network! { … }` in a file.
fn invocations(path: &Path) -> Vec<TokenStream> {
    let source = fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let file = syn::parse_file(&source).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let invocation = |item: syn::Item| match item {
        syn::Item::Macro(item) if item.mac.path.segments.last().is_some_and(|name| name.ident == "network") => {
            Some(item.mac.tokens)
        }
        _ => None,
    };
    file.items.into_iter().filter_map(invocation).map(without_weights).collect()
}

/// Without `#[weights("…")]`, whose files are not looked for here.
fn without_weights(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_weights = |index: usize| match (tokens.get(index), tokens.get(index + 1)) {
        (Some(TokenTree::Punct(pound)), Some(TokenTree::Group(group))) => {
            pound.as_char() == '#' && group.stream().to_string().starts_with("weights")
        }
        _ => false,
    };
    let dropped = |index: usize| is_weights(index) || index > 0 && is_weights(index - 1);
    (0..tokens.len()).filter(|index| !dropped(*index)).map(|index| tokens[index].clone()).collect()
}

/// Nets with blocks that read kept values, or differ in their functions, for which the writer has no parameters.
const UNSAYABLE: [&str; 4] = ["FunctionParameters", "Parameters", "Pyramid", "Unet"];

/// Writes and reads the nets in the files of a folder, and counts them.
fn check_files(folder: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "rs"));
    files.sort();
    let nets: Vec<Plan> = files.iter().flat_map(|path| invocations(path)).flat_map(plans).collect();
    let unsayable = nets.iter().filter_map(|plan| try_check(plan).err()).map(|why| why.to_string());
    let unsayable: Vec<String> = unsayable.collect();
    assert!(unsayable.len() <= UNSAYABLE.len(), "{UNSAYABLE:?}, and not {unsayable:#?}");
    nets.len()
}

#[test]
fn the_nets_of_the_repository_are_written_and_read() {
    let found = ["models/src", "models/src/torchvision", "tests/support"].map(check_files);
    assert!(found.iter().zip([19, 12, 51]).all(|(found, least)| *found >= least), "{found:?} nets");
}

#[track_caller]
fn assert_written(source: &str, expected: &str) {
    let plans = plans(source.parse().expect("tokens"));
    assert_eq!(check(&plans[0]), expected);
}

#[test]
fn a_chain_is_written_as_a_person_would() {
    assert_written(
        "Net: 1x8x8 -> 3 { conv1: conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2); fc: linear(3) -> softmax; tap scores; }",
        "Net: 1x8x8 -> 3 {
    conv1: conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2);
    fc: linear(3) -> softmax;
    tap scores;
}
",
    );
}

#[test]
fn numbers_in_which_calls_differ_are_parameters() {
    assert_written(
        "block part(a, k, s = 1) { conv: conv(a, k x k, pad = k / 2, stride = s) -> relu -> conv(2 * a, 1x1) -> dropout(s / 10); }
         Net: 3x16x16 -> 8x8x8 { first: part(2, 5); add { second: part(4, 3, s = 2); conv(8, 2x2, stride = 2); }; }",
        "block part(filters, size, stride, p) {
    conv: conv(filters, size x size, stride = stride, pad = size / 2) -> relu;
    conv(2 * filters, 1x1) -> dropout(p / 10);
}

Net: 3x16x16 -> 8x8x8 {
    first: part(2, size = 5, stride = 1, p = 1);
    add {
        second: part(4, size = 3, stride = 2, p = 2);
        conv(8, 2x2, stride = 2);
    };
}
",
    );
}

#[test]
fn inputs_outputs_and_shared_layers_are_written() {
    assert_written(
        "Net: { left: 1x8x8, right: 1x8x8, r#type: 3 } -> { same: 2, map: 4x6x6 } {
            from left -> tower: { conv: conv(4, 3x3) -> add { relu; tanh; }; output map; };
            concat { max_pool(2x2) -> fc: linear(4); from right -> again tower -> flatten; from r#type -> linear(36) -> again fc; } -> head: linear(2);
            output same;
         }",
        "Net: { left: 1x8x8, right: 1x8x8, type: 3 } -> { same: 2, map: 4x6x6 } {
    from left -> tower: {
        conv: conv(4, 3x3);
        add {
            relu;
            tanh;
        };
    };
    output map;
    concat {
        max_pool(2x2) -> fc: linear(4);
        from right -> again tower -> flatten;
        from type -> linear(36) -> again fc;
    };
    head: linear(2);
    output same;
}
",
    );
}

#[test]
fn functions_and_layers_by_the_user_are_written_with_their_paths() {
    assert_written(
        "const N = 4;
         block part(c, s) { coord: custom(layers::Of::<c, { 2 * N }>, s x 2 x 2, weight = s x c) -> map(self::f); }
         Net: 3x2x2 -> 5x2x2 { first: part(3, 4); second: part(N, 8);
             both: custom(crate::Both, 5x2x2, scratch = 2 * N, mean = buffer(N)) { skip; map(g::<{ -1 }>); }; }",
        "block part(shape1, shape2) {
    coord: custom(layers::Of<shape1, 8>, shape2 x 2 x 2, weight = shape2 x shape1) -> map(self::f);
}

Net: 3x2x2 -> 5x2x2 {
    first: part(3, shape2 = 4);
    second: part(4, shape2 = 8);
    both: custom(crate::Both, 5x2x2, scratch = 8, mean = buffer(4)) {
        skip;
        map(g<-1>);
    };
}
",
    );
}

#[test]
fn equal_steps_are_counted() {
    assert_written(
        "block two(n) { [linear(n); 2]; }
         block some(n) { relu; [two(8); n]; [{ tanh -> fc: linear(4); }; 3]; }
         Net: 4 -> 8 { stage: [two(8); 2]; [fc08..: linear(8); 3]; some(1); some(2); [{}; 2] -> linear(8) -> relu -> relu; }",
        "block two() {
    [linear(8); 2];
}

block some(count) {
    relu;
    [two(); count];
    [{
        tanh;
        fc: linear(4);
    }; 3];
}

Net: 4 -> 8 {
    stage: [two(); 2];
    [fc08..: linear(8); 3];
    some(1);
    some(2);
    8: linear(8);
    [relu; 2];
}
",
    );
}

#[test]
fn branches_keep_their_numbers_and_lines_are_wrapped() {
    assert_written(
        "Net: 3x9x9 -> 3x9x9 {
            add { skip -> relu -> conv(3, 1x1); skip; { conv(3, 1x1) -> tanh; tap inside; }; };
            long: conv(12, 3x3, pad = same, bias = false) -> norm: batch_norm -> relu -> max_pool(3x3, stride = 1, pad = 1);
            mul { skip; narrow: { global_avg_pool -> fc: conv(12, 1x1) -> hard_sigmoid -> dropout(0.125); }; };
            conv(3, 1x1);
            aux early(weight = 1) { global_avg_pool -> out: linear(3); };
        }",
        "Net: 3x9x9 -> 3x9x9 {
    add {
        skip -> relu -> conv(3, 1x1);
        skip;
        {
            conv(3, 1x1) -> tanh;
            tap inside;
        };
    };
    long: conv(12, 3x3, pad = 1, bias = false) -> norm: batch_norm -> relu
        -> max_pool(3x3, stride = 1, pad = 1);
    mul {
        skip;
        narrow: {
            global_avg_pool;
            fc: conv(12, 1x1) -> hard_sigmoid -> dropout(0.125);
        };
    };
    conv(3, 1x1);
    aux early(weight = 1) {
        global_avg_pool;
        out: linear(3);
    };
}
",
    );
}

#[test]
fn nests_of_groups_blocks_and_repeats_are_written_and_read() {
    let (mut written, mut unsayable) = (0, Vec::new());
    for seed in 0..300 {
        // Without names, layers of different branches may get the same one.
        let Ok(plans) = try_plans(nests::net(seed).parse().expect("tokens")) else { continue };
        match try_check(&plans[0]) {
            Ok(_) => written += 1,
            Err(why) => unsayable.push(format!("{seed}: {why}")),
        }
    }
    // What computes nothing leaves no trace but its taps and classifiers, so these may have no place.
    assert!(written > 150 && unsayable.len() < 5, "{written} nets were written; {unsayable:#?}");
}

#[test]
fn documentation_is_written_above_a_net() {
    let nodes = [Node::new("0", Op::Softmax, &[Value::Input(0)], Shape::Vector(3))];
    let (inputs, outputs) = ([Input::new("", Shape::Vector(3))], [Output::new("", Value::Node(0))]);
    let graph = Graph::new("Net", &inputs, &nodes, &outputs);
    for doc in ["Makes probabilities.", "Makes\n\nprobabilities:\n\n    as code\n", "\n", " odd \r ends\\", "\"\n/ \t"]
    {
        let text = declaration(&graph.doc(doc)).expect("a declaration");
        let mut report = Report::default();
        let ast = parse(text.parse().expect("tokens"), &mut report);
        assert!(report.into_error().is_none(), "{text}");
        assert_eq!(doc_text(&ast.nets[0].docs), doc, "{text}");
    }
    let expected = "/// Makes\n///\n/// probabilities.\nNet: 3 -> 3 {\n    softmax;\n}\n";
    assert_eq!(declaration(&graph.doc("Makes\n\nprobabilities.")).as_deref(), Ok(expected));
}
