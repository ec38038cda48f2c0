//! A variant, `Other = Net;`, expands to what its net would expand to with that name and those attributes.

use cnn_compiler::report::Report;

const LAYERS: &str = "1x8x8 -> 3 { conv: conv(8, 3x3) -> relu -> max_pool(2x2); tap maps; fc: linear(3) -> softmax; }";

fn expand(source: &str) -> String {
    cnn_compiler::network(source.parse().expect("Rust tokens")).to_string()
}

/// Checks that a variant equals its net written out; `{}` stands for the layers.
#[track_caller]
fn check(variant: &str, written_out: &str) {
    let expanded = expand(&variant.replace("{}", LAYERS));
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert_eq!(expanded.replace(" It has the layers of `Net`.", ""), expand(&written_out.replace("{}", LAYERS)));
}

#[test]
fn attributes_docs_and_visibility_are_its_own() {
    check(
        "pub Net: {} /// Four at once.\n#[batch(4)] #[store(f16)] #[algorithm(exact)] #[cfg(unix)] pub(crate) Other = Net;",
        "pub Net: {} /// Four at once.\n#[batch(4)] #[store(f16)] #[algorithm(exact)] #[cfg(unix)] pub(crate) Other: {}",
    );
}

#[test]
fn nothing_is_inherited() {
    check(
        "/// A net.\n#[batch(2)] #[store(f16)] #[algorithm(exact)] #[cfg(unix)] pub Net: {} Other = Net;",
        "/// A net.\n#[batch(2)] #[store(f16)] #[algorithm(exact)] #[cfg(unix)] pub Net: {} Other: {}",
    );
}

/// But what an attribute says of the weights is true for a variant, too.
#[test]
fn folded_normalisations_are_those_of_the_net() {
    check(
        "#[algorithm(folded)] pub Net: {} #[store(f16)] A = Net; #[algorithm(exact)] B = Net;",
        "#[algorithm(folded)] pub Net: {} #[store(f16)] #[algorithm(folded)] A: {} #[algorithm(exact)] B: {}",
    );
}

#[test]
fn it_is_where_it_was_written() {
    check(
        "#[store(f16)] A = Net; #[algorithm(exact)] B = Net; Net: {} #[memory(small)] C = Net; Last: {} pub D = Net;",
        "#[store(f16)] A: {} #[algorithm(exact)] B: {} Net: {} #[memory(small)] C: {} Last: {} pub D: {}",
    );
}

#[test]
fn its_page_says_whose_layers_it_has() {
    let code = expand(&format!("Net: {LAYERS} /// Four.\n#[batch(4)] Other = Net;"));
    assert_eq!(code.matches("for 4 images. It has the layers of `Net`.").count(), 1);
}

/// A variant that differs in its batch alone reads the weights of the net, or of an earlier variant like it.
#[test]
fn weights_are_shared_where_only_the_batch_differs() {
    let shares = |nets: &str, weights: &str, of: &str| {
        let code = expand(&nets.replace("{}", LAYERS)).replace(' ', "");
        assert_eq!(code.contains(&format!("type{weights}={of};")), !of.is_empty(), "{nets}");
        assert_eq!(code.contains(&format!("struct{weights}{{")), of.is_empty(), "{nets}");
    };
    shares("Net: {} #[batch(2)] Other = Net;", "OtherWeights", "NetWeights");
    shares("#[batch(2)] Other = Net; #[batch(4)] Net: {}", "OtherWeights", "NetWeights");
    shares("Net: {} #[store(f16)] A = Net; #[store(f16)] #[batch(2)] B = Net;", "BWeights", "AWeights");
    shares("Net: {} #[store(f16)] A = Net; #[store(f16)] #[batch(2)] B = Net;", "AWeights", "");
    shares("Net: {} #[algorithm(exact)] #[batch(2)] Other = Net;", "OtherWeights", "");
    shares("Net: {} #[memory(small)] #[batch(2)] Other = Net;", "OtherWeights", "");
    shares("#[memory(small)] Net: {} #[memory(small)] #[batch(2)] Other = Net;", "OtherWeights", "");
    shares("Net: {} #[batch(2)] pub Other = Net;", "OtherWeights", "");
    shares("#[cfg(unix)] Net: {} #[batch(2)] Other = Net;", "OtherWeights", "");
    shares("Net: {} #[cfg(unix)] #[batch(2)] Other = Net;", "OtherWeights", "NetWeights");
}

/// Nets that share weights pack them alike, whatever the number of images is.
#[test]
fn nets_that_share_weights_pack_them_alike() {
    const NETS: [&str; 3] = [
        "Net: 1x32x32 -> 10 { a: conv(6, 5x5) -> tanh -> avg_pool(2x2); b: conv(16, 5x5) -> tanh -> avg_pool(2x2);
            c: linear(120) -> tanh -> d: linear(10); }",
        "Net: 16x32x32 -> 10 { a: conv(32, 3x3, pad = 1) -> relu -> b: conv(32, 3x3, pad = 1) -> relu -> max_pool(2x2);
            c: linear(600) -> relu -> d: linear(500) -> relu -> e: linear(10); }",
        "Net: 64x8x8 -> 10 { a: conv(64, 3x3, pad = 1) -> relu -> b: conv(64, 3x3, stride = 2, pad = 1) -> relu;
            c: conv(64, 3x3, pad = 1) -> d: linear(10); }",
    ];
    let attributes = ["", "#[algorithm(exact)]", "#[store(f16)]", "#[memory(small)]", "#[workspace(max = 400_000)]"];
    let mut shared = 0;
    for net in NETS {
        for attribute in attributes {
            for images in [2, 3, 8, 16] {
                let source = format!("{attribute} {net} {attribute} #[batch({images})] Other = Net;");
                let mut report = Report::default();
                let ast = cnn_compiler::parse::parse(source.parse().expect("tokens"), &mut report);
                if ast.shares_weights(&ast.nets[1]).is_some() {
                    let plan = |net| cnn_compiler::plan_net(net, &ast, &mut Report::default()).expect("it has a plan");
                    assert_eq!(plan(&ast.nets[0]).recipe(), plan(&ast.nets[1]).recipe(), "{source}");
                    shared += 1;
                }
            }
        }
    }
    assert_eq!(shared, 3 * 3 * 4);
}
