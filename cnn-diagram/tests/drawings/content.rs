//! The content of drawings: the same bytes for the same net, names, legends, snapshots.

use std::collections::BTreeSet;
use std::path::Path;

use cnn_diagram::theme::Kind;
use cnn_diagram::{Detail, Options, Theme, paper, svg};

use super::geometry::{blocks, number};
use super::support::{Mixed, NETS, Repeats, assert_kept, drawn, texts, ways};

#[test]
fn the_same_net_is_the_same_bytes() {
    for graph in NETS {
        for way in ways().map(|way| Options { theme: Theme::Auto, ..way }) {
            assert_eq!(svg(graph, &way), svg(graph, &way), "{}", graph.name);
        }
    }
}

#[test]
fn identifiers_are_unique_and_every_block_says_what_it_is() {
    for graph in NETS {
        for way in ways() {
            drawn(graph, &way, |document| {
                let mut ids = BTreeSet::new();
                for block in blocks(document) {
                    let id = block.attribute("id").expect("a block has an identifier");
                    assert!(ids.insert(id), "{id} occurs twice");
                    let title =
                        block.children().find(|child| child.has_tag_name("title")).and_then(|title| title.text());
                    assert!(title.is_some_and(|title| title.contains(':')), "{id}: {title:?}");
                }
                let port = if graph.names_inputs() { "input-" } else { "input" };
                let input = format!("{}-{}-{port}{}", graph.name, way.detail.name(), graph.inputs[0].name);
                assert!(ids.contains(&*input), "{input}");
            });
        }
    }
}

#[test]
fn captions_have_the_paper_and_its_year() {
    for graph in NETS {
        let paper = paper(graph.doc);
        let in_brackets = paper.split_once('(').map_or("", |(_, rest)| rest);
        let is_year = |word: &str| word.parse().is_ok_and(|year: u16| (1950..2030).contains(&year));
        assert!(in_brackets.split(|c: char| !c.is_alphanumeric()).any(is_year), "{}: {paper}", graph.name);
        let written = drawn(graph, &Options::default(), |document| texts(document.root_element()).join(" "));
        assert!(written.contains(&paper), "{}: {paper}", graph.name);
    }
}

/// The colours of the light theme distinguish all kinds except sums and products.
fn kinds_of(colours: &BTreeSet<String>) -> BTreeSet<&'static str> {
    let kinds = Kind::ALL
        .into_iter()
        .filter(|kind| colours.contains(cnn_diagram::theme::Paint::Kind(*kind).fallback(Theme::Light)));
    kinds.map(Kind::name).collect()
}

#[test]
fn the_legend_has_exactly_the_kinds_in_the_drawing() {
    for graph in NETS {
        for way in ways() {
            drawn(graph, &way, |document| {
                let legend = document.descendants().find(|node| node.attribute("class") == Some("legend"));
                let legend = legend.expect("a drawing has a legend");
                let fills = |inside: bool| -> BTreeSet<String> {
                    let shapes = document.descendants().filter(|node| node.ancestors().any(|a| a == legend) == inside);
                    shapes.filter_map(|node| node.attribute("fill").map(str::to_owned)).collect()
                };
                let (shown, listed) = (kinds_of(&fills(false)), kinds_of(&fills(true)));
                assert_eq!(shown, listed, "{} {way:?}", graph.name);
                let names: BTreeSet<String> = texts(legend).into_iter().collect();
                // Letters are kinds too; the legend lists them by the names of their functions.
                for kind in Kind::ALL.map(Kind::name).into_iter().filter(|name| names.contains(*name)) {
                    assert!(listed.contains(kind), "{} {way:?}: {kind}", graph.name);
                }
            });
        }
    }
}

/// Letters are in rectangles that are round at both ends.
#[test]
fn the_legend_has_exactly_the_letters_in_the_drawing() {
    for graph in NETS {
        for way in ways() {
            drawn(graph, &way, |document| {
                let pills = document.descendants().filter(|node| node.attribute("rx") == Some("6"));
                let letters =
                    pills.filter_map(|pill| pill.next_sibling_element().filter(|text| text.has_tag_name("text")));
                let (listed, shown): (Vec<_>, Vec<_>) =
                    letters.partition(|text| text.ancestors().any(|node| node.attribute("class") == Some("legend")));
                let [mut listed, shown] = [listed, shown]
                    .map(|texts| -> BTreeSet<&str> { texts.into_iter().filter_map(|text| text.text()).collect() });
                // A batch normalisation that is also drawn as a block is listed as that.
                if texts(document.root_element()).iter().filter(|text| *text == "batch normalisation").count() == 1
                    && shown.contains("BN")
                {
                    listed.insert("BN");
                }
                assert_eq!(shown, listed, "{} {way:?}", graph.name);
            });
        }
    }
}

#[test]
fn articles_leave_out_what_articles_leave_out() {
    let written = |detail| {
        drawn(models::AlexNet::GRAPH, &Options { detail, ..Options::default() }, |document| {
            document
                .descendants()
                .filter_map(|node| node.text())
                .filter(|text| !text.contains('→'))
                .collect::<Vec<_>>()
                .join("\n")
        })
    };
    let (article, full) = (written(Detail::Article), written(Detail::Full));
    for text in ["96 filters", "stride 4", "pad 2", "2 groups", "dropout", "96×55×55", "34,944 params"] {
        assert!(full.contains(text) && !article.contains(&format!("\n{text}\n")), "{text}");
    }
    assert!(article.contains("11×11") && full.contains("conv 11×11"));
}

#[test]
fn equal_blocks_are_drawn_once_unless_unfolded() {
    let graph = models::ResNet101::GRAPH;
    let folded = drawn(graph, &Options::default(), |document| texts(document.root_element()));
    for text in ["× 22", "conv block × 4", "identity block × 29", "layer1", "layer4"] {
        assert!(folded.iter().any(|shown| shown == text), "{text}");
    }
    for detail in [Detail::Article, Detail::Full] {
        assert!(svg(graph, &Options { detail, ..Options::default() }).len() < 100_000);
    }
    let unfolded = Options { unfold: true, ..Options::default() };
    let convolutions = drawn(graph, &unfolded, |document| {
        texts(document.root_element()).iter().filter(|text| *text == "conv").count()
    });
    assert_eq!(convolutions, 1 + 33 * 3 + 4);
}

/// Its merges begin at values from before its calls, so that it would show the whole net.
#[test]
fn a_block_that_reads_kept_values_is_not_drawn_around_what_was_before_its_call() {
    for detail in [Detail::Article, Detail::Full] {
        let shown = drawn(models::UNet::GRAPH, &Options { detail, ..Options::default() }, |document| {
            texts(document.root_element())
        });
        assert!(shown.iter().any(|text| text == "down") && !shown.iter().any(|text| text == "up"), "{shown:?}");
        assert_eq!(shown.iter().filter(|text| text.starts_with("up conv")).count(), 4, "{shown:?}");
    }
}

/// A group has no name, and its copies are not calls of a block.
#[test]
fn repeated_groups_are_drawn_once_unless_unfolded() {
    let graph = Repeats::GRAPH;
    let folded = drawn(graph, &Options::default(), |document| texts(document.root_element()));
    let count = |texts: &[String], what: &str| texts.iter().filter(|text| *text == what).count();
    // Three and two of them, and two of two, each in the trunk, in the inset around it, and above its inset.
    for (text, times) in [
        ("group × 3", 1),
        ("× 3", 1),
        ("2–4", 1),
        ("group × 2", 2),
        ("body.0–1", 1),
        ("group × 4", 1),
        ("deep.0–1", 1),
        ("deep.0.0–1, deep.1.0–1", 1),
    ] {
        assert_eq!(count(&folded, text), times, "{text} in {folded:?}");
    }
    let unfolded = Options { unfold: true, ..Options::default() };
    let unfolded = drawn(graph, &unfolded, |document| texts(document.root_element()));
    assert_eq!(count(&unfolded, "conv"), 1 + 3 * 2 + 2 * 4 + 2 * 2 + 2);
    for text in ["group · 2", "group · body.1", "twice · body.0.0"] {
        assert_eq!(count(&unfolded, text), 1, "{text} in {unfolded:?}");
    }
}

/// With margins of a centimetre; with all numbers, in smaller letters: eleven pixels are six points.
#[test]
fn resnet_50_fits_a_page_of_a4() {
    for (detail, width) in [(Detail::Article, 700), (Detail::Full, 1000)] {
        drawn(models::ResNet50::GRAPH, &Options { detail, width, ..Options::default() }, |document| {
            let [wide, high] = ["width", "height"].map(|name| number(document.root_element(), name));
            assert_eq!(wide, width as f32);
            assert!(high < wide * 277.0 / 190.0, "{detail:?}: {high}");
        });
    }
}

/// Drawings with all numbers; `BLESS=1` writes them. Those without are in the documentation of the nets.
#[test]
fn functions_and_layers_by_the_user_have_their_names() {
    let options = Options { detail: Detail::Full, width: 1100, unfold: false, theme: Theme::Light };
    drawn(Mixed::GRAPH, &options, |document| {
        let texts = texts(document.root());
        for text in ["Mixture", "bent", "layer by the user"] {
            assert!(texts.iter().any(|found| found.contains(text)), "no {text} in {texts:#?}");
        }
    });
}

#[test]
fn drawings_are_unchanged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/full");
    let five: [(&str, &cnn_net::graph::Graph<'_>); 5] = [
        ("lenet5", models::LeNet5::GRAPH),
        ("alexnet", models::AlexNet::GRAPH),
        ("vgg16", models::Vgg16::GRAPH),
        ("inception-v1", models::InceptionV1::GRAPH),
        ("resnet50", models::ResNet50::GRAPH),
    ];
    for (name, graph) in five {
        let drawing = svg(graph, &Options { detail: Detail::Full, ..Options::default() });
        assert_kept(&folder.join(format!("{name}.svg")), &drawing);
    }
}
