//! What a drawing says is true: small nets, each with something that is easily drawn wrong.

use cnn_diagram::{Detail, Options, Theme, svg};
use cnn_net::graph::Graph;
use roxmltree::Document;

use super::geometry::{blocks, title};
use super::random::{check, described};
use super::support::texts;

/// Draws the net of a source in all ways and checks each; passes the text of the drawing in `detail` to `read`.
fn drawn(source: &str, detail: Detail, read: impl FnOnce(&Document<'_>, &[String])) {
    described(source, "", |graph: &Graph<'_>| {
        for width in [320, 760] {
            for (detail, unfold) in [Detail::Article, Detail::Full].into_iter().flat_map(|d| [(d, false), (d, true)]) {
                let options = Options { detail, unfold, width, theme: Theme::Light };
                check(&format!("{options:?} of {source}"), graph, &options);
            }
        }
        let text = svg(graph, &Options { detail, theme: Theme::Light, ..Options::default() });
        let document = Document::parse(&text).unwrap();
        read(&document, &texts(document.root_element()));
    });
}

fn count(texts: &[String], what: &str) -> usize {
    texts.iter().filter(|text| *text == what).count()
}

#[test]
fn two_classifiers_leave_one_step() {
    let source = "Net: 3x16x16 -> 10 {
        c1: conv(8, 3x3, pad = 1) -> relu;
        aux a(weight = 0.3) { global_avg_pool -> fa: linear(10); };
        aux b(weight = 0.3) { global_avg_pool -> fb: linear(10); };
        c2: conv(8, 3x3, pad = 1) -> relu; fc: linear(10);
    }";
    drawn(source, Detail::Article, |_, texts| {
        for name in ["a · training only · loss × 0.3", "b · training only · loss × 0.3"] {
            assert_eq!(count(texts, name), 1, "{texts:?}");
        }
    });
}

/// All drawings are checked for where each classifier leaves. So a block that something leaves from inside is not folded.
#[test]
fn a_classifier_leaves_inside_a_block_that_is_called_twice() {
    let source = "block unit(c) {
        r1: conv(c, 3x3, pad = 1) -> relu;
        aux z(weight = 0.2) { global_avg_pool -> f: linear(10); };
        tap kept;
        r2: conv(c, 3x3, pad = 1) -> relu;
    }
    block inner(c) { conv(c, 1x1) -> conv(c, 1x1); }
    block last(c) { inner(c); conv(c, 3x3, pad = 1); tap end; aux y(weight = 0.5) { inner(c); linear(10); }; }
    Net: 3x16x16 -> 10 { first: unit(8); second: unit(8); [last(8); 3]; fc: linear(10); }";
    drawn(source, Detail::Article, |_, texts| {
        assert_eq!((count(texts, "unit · first"), count(texts, "unit · second")), (1, 1), "{texts:?}");
        assert_eq!((count(texts, "unit × 2"), count(texts, "last × 3")), (0, 1), "{texts:?}");
        assert_eq!(count(texts, "tap first.kept"), 1, "{texts:?}");
    });
}

/// Everywhere that something can leave: at the input, between a convolution and its function, in a branch, after a merge.
#[test]
fn taps_and_classifiers_leave_everywhere() {
    let source = "Net: 3x16x16 -> 10 {
        tap input_itself; aux a(weight = 1) { linear(3); };
        c1: conv(8, 3x3, pad = 1); tap before; relu; tap after;
        add {
            { x: conv(8, 3x3, pad = 1) -> relu; tap inside; aux b(weight = 0.2) { linear(5) -> softmax; }; y: conv(8, 1x1); };
            skip;
            { z: conv(8, 1x1); tap last; };
        };
        tap sum; relu -> dropout; tap dropped; fc: linear(10); tap logits; softmax; tap end;
    }";
    drawn(source, Detail::Full, |document, texts| {
        let taps = blocks(document).filter(|block| title(*block).starts_with("tap ")).count();
        assert_eq!(taps, 9, "{texts:?}");
    });
}

#[test]
fn a_value_that_is_read_across_branches_is_drawn_once() {
    let source = "Net: 4 -> 9 {
        a: linear(3) -> b: linear(3); keep b; c: linear(3); keep c;
        add { from b -> d: linear(3); from c; } -> e: linear(3); tap aside; from c -> f: linear(3);
        concat { skip; from b; from c; };
    }";
    for detail in [Detail::Article, Detail::Full] {
        drawn(source, detail, |_, texts| {
            assert_eq!((count(texts, "keep c"), count(texts, "from c")), (1, 2), "{texts:?}");
            assert_eq!((count(texts, "tap aside"), count(texts, "fc")), (1, 6), "{texts:?}");
        });
    }
    // Each value is read by the next two, so there are more ways through them than could be followed.
    let steps: String = (2..40).map(|n| format!("m{n}: add {{ r{n}: relu; from k{}; }}; keep k{n};", n - 2)).collect();
    let source = format!("Net: 3 -> 3 {{ keep k0; a: linear(3); keep k1; {steps} add {{ from k38; from k39; }}; }}");
    drawn(&source, Detail::Article, |_, texts| assert!(count(texts, "output") == 1, "{texts:?}"));
}

#[test]
fn branches_are_in_the_order_of_the_channels() {
    let source = "Net: 8x8x8 -> 10 {
        concat { a: conv(1, 1x1); skip; b: conv(2, 3x3, pad = 1) -> relu; skip -> c: conv(3, 1x1); skip; };
        sum: add { skip; d: conv(22, 1x1); inside: add { e: conv(22, 1x1); skip; skip; }; }; product: mul { skip; skip; }; linear(10);
    }";
    drawn(source, Detail::Full, |_, texts| assert_eq!(count(texts, "1 filter"), 1, "{texts:?}"));
}

/// Calls with the same arguments on different shapes have different shapes inside.
#[test]
fn all_numbers_are_those_of_every_call_that_is_drawn_once() {
    let source = "block unit(c) { add { conv(c, 3x3, pad = 1) -> relu -> conv(c, 3x3, pad = 1); skip; }; }
        block outer(c, d) { unit(c); conv(d, 1x1); conv(c, 1x1); unit(c); }
        Net: 8x16x16 -> 10 {
            a: unit(8); b: unit(8); max_pool(2x2); c: unit(8); d: unit(8); e: unit(8); max_pool(2x2); f: unit(8);
            g: outer(8, 4); h: outer(8, 4); i: outer(8, 5); linear(10);
        }";
    drawn(source, Detail::Full, |_, texts| {
        for (text, times) in [("unit × 2", 1), ("unit × 3", 1), ("unit × 7", 1), ("outer × 2", 1), ("outer", 2 + 1)]
        {
            assert_eq!(count(texts, text), times, "{text}: {texts:?}");
        }
        assert!(texts.iter().all(|text| !text.contains("–16") && !text.contains("4–8")), "{texts:?}");
    });
    drawn(source, Detail::Article, |_, texts| assert_eq!(count(texts, "unit × 12"), 1, "{texts:?}"));
}

#[test]
fn poolings_say_how_far_they_stride() {
    let source =
        "Net: 3x16x16 -> 10 { max_pool(3x3, stride = 1); avg_pool(2x2); max_pool(2x3, stride = 2x1); linear(10); }";
    drawn(source, Detail::Full, |_, texts| {
        for text in ["stride 1", "stride 2", "stride 2×1"] {
            assert_eq!(count(texts, text), 1, "{text}: {texts:?}");
        }
    });
}

#[test]
fn a_layer_that_is_repeated_is_drawn_once() {
    let source = "block cr(c) { conv(c, 3x3, pad = 1) -> relu; }
        Net: 8x8x8 -> 10 {
            [conv(8, 3x3, pad = 1); 200]; lrn; [{ conv(8, 3x3, pad = 1) -> relu; }; 30]; lrn; [cr(8); 7];
            add { a: [conv(8, 1x1); 4]; named: [conv(8, 1x1); 5]; [d1..: conv(8, 1x1); 6]; } -> relu;
            conv4_1: conv(8, 3x3, pad = 1); conv4_2: conv(8, 3x3, pad = 1); conv4_3: conv(8, 3x3, pad = 1);
            aux h(weight = 0.3) { [conv(8, 1x1); 12]; linear(10); };
            [e1..: conv(8, 3x3); 3]; linear(10);
        }";
    for detail in [Detail::Article, Detail::Full] {
        drawn(source, detail, |document, texts| {
            for text in ["× 200", "× 30", "× 7", "× 4", "× 5", "× 6", "× 12"] {
                assert_eq!(count(texts, text), 1, "{text}: {texts:?}");
            }
            assert!(blocks(document).count() < 22, "{texts:?}");
            assert_eq!(count(texts, "conv4"), 1, "{texts:?}");
        });
    }
}

/// An outer block comes before those inside, and names include the groups in which they differ.
#[test]
fn blocks_in_blocks_have_their_order_and_their_names() {
    let source = "block inner(c) { add { conv(c, 3x3, pad = 1) -> conv(c, 3x3, pad = 1); skip; }; }
        block outer(c) { conv(c, 1x1); body: [inner(c); 2]; alone: inner(c); conv(c, 1x1); }
        Net: 8x8x8 -> 10 { stage1: outer(8); stage2: outer(8); linear(10); }";
    drawn(source, Detail::Article, |document, texts| {
        let insets = document.descendants().filter(|node| node.attribute("class") == Some("inset"));
        let titles: Vec<&str> = insets.map(title).collect();
        let inner = "inner × 6: stage1.body.0, stage1.body.1, stage1.alone, stage2.body.0, stage2.body.1, stage2.alone";
        assert_eq!(titles, ["outer × 2: stage1, stage2", inner]);
        let written = texts.join(" ");
        for text in ["stage1.body.0–1, stage1.alone, stage2.body.0–1, stage2.alone", "body.0–1, alone × 3"] {
            assert!(written.contains(text), "{text}: {written}");
        }
    });
}
