//! Figures, read back: their numbers match the kernels', and nothing overlaps.

mod numbers;

use std::collections::BTreeSet;
use std::path::Path;

use cnn_diagram::Theme;
use cnn_diagram::figures::{Figure, MultilayerPerceptron, all, page};
use cnn_diagram::theme::Paint;
use roxmltree::{Document, Node};

use super::geometry::{Area, meet, number, text_area};
use super::support::assert_kept;

fn figures() -> [Figure; 11] {
    all(&MultilayerPerceptron::of(models::Mlp::GRAPH).expect("a multilayer perceptron"))
}

/// Passes each figure to `check`, in the light theme.
fn each(check: impl Fn(&str, &Document<'_>)) {
    for figure in figures() {
        let text = figure.svg(Theme::Light);
        let document = Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", figure.name));
        check(figure.name, &document);
    }
}

fn words<'a>(document: &'a Document<'a>) -> Vec<(Node<'a, 'a>, Area)> {
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|text| (text, text_area(text).expect("no text is turned"))).collect()
}

fn rectangle(rect: Node<'_, '_>) -> Area {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(rect, name));
    [x, y, x + width, y + height]
}

/// The figures in the documentation; `BLESS=1` writes them. A new one first needs an empty file.
#[test]
fn figures_are_unchanged_and_the_same_bytes_every_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("figures");
    for (figure, again) in figures().iter().zip(figures()) {
        let drawing = figure.svg(Theme::Auto);
        assert_eq!(drawing, again.svg(Theme::Auto));
        // It would end a documentation comment.
        assert!(!drawing.contains("\n\n"), "{}", figure.name);
        assert_kept(&folder.join(format!("{}.svg", figure.name)), &drawing);
    }
}

#[test]
fn words_do_not_overlap_and_are_on_the_page() {
    each(|figure, document| {
        let [.., width, height] = [0, 1, 2, 3]
            .map(|index| document.root_element().attribute("viewBox").unwrap().split(' ').nth(index).unwrap());
        let [width, height] = [width, height].map(|length| length.parse::<f32>().unwrap());
        let words = words(document);
        assert!(words.len() > 15, "{figure}");
        for (index, (text, area)) in words.iter().enumerate() {
            assert!(
                area[0] >= 0.0 && area[2] <= width && area[1] >= 0.0 && area[3] <= height,
                "{figure}: {text:?} {area:?}"
            );
            for (other, place) in &words[index + 1..] {
                assert!(!meet(*area, *place), "{figure}: {:?} {area:?} and {:?} {place:?}", text.text(), other.text());
            }
        }
    });
}

/// A grid is a group whose first rectangle is its paper and whose words are all numbers.
#[test]
fn numbers_are_within_their_grids() {
    let is_number = |text: &Node<'_, '_>| text.text().is_some_and(|text| text.replace('−', "-").parse::<f32>().is_ok());
    each(|figure, document| {
        for group in document.descendants().filter(|node| node.attribute("class") == Some("n")) {
            let texts: Vec<_> = group.children().filter(|node| node.has_tag_name("text")).collect();
            let paper = group.children().find(|node| node.has_tag_name("rect")).map(rectangle);
            let Some(paper) = paper.filter(|_| texts.iter().all(is_number)) else { continue };
            for text in texts {
                let area = text_area(text).expect("no text is turned");
                let inside = area[0] > paper[0] && area[2] < paper[2] && area[1] > paper[1] && area[3] < paper[3];
                assert!(inside, "{figure}: {:?} {area:?} in {paper:?}", text.text());
            }
        }
    });
}

/// Contrast on the paper and on kinds of layers is tested with the colours.
#[test]
fn muted_words_are_on_paper() {
    let [muted, paper] = [Paint::Muted, Paint::Paper].map(|paint| paint.fallback(Theme::Light));
    each(|figure, document| {
        let filled = document.descendants().filter(|node| node.has_tag_name("rect"));
        let filled = filled.filter(|rect| rect.attribute("fill").is_some_and(|fill| fill != "none" && fill != paper));
        let filled: Vec<Area> = filled.map(rectangle).collect();
        for (text, area) in words(document).into_iter().filter(|(text, _)| text.attribute("fill") == Some(muted)) {
            assert!(!filled.iter().any(|rect| meet(area, *rect)), "{figure}: {:?} {area:?}", text.text());
        }
    });
}

/// All figures are on one page.
#[test]
fn identifiers_are_unique() {
    let ids: Vec<String> = figures()
        .iter()
        .flat_map(|figure| {
            let text = figure.svg(Theme::Light);
            let document = Document::parse(&text).unwrap();
            let ids: Vec<String> =
                document.descendants().filter_map(|node| node.attribute("id").map(str::to_owned)).collect();
            ids.into_iter().chain([figure.name.to_owned()]).collect::<Vec<_>>()
        })
        .collect();
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
}

#[test]
fn the_page_has_every_figure_and_loads_nothing() {
    let figures = figures();
    let page = page(&figures, Theme::Dark, "png");
    assert!(page.contains("<html lang=\"en\" data-theme=\"dark\">") && !page.contains("id=\"detail\""));
    for figure in &figures {
        assert!(page.contains(&figure.svg(Theme::Auto)), "{}", figure.name);
        assert!(page.contains(&format!("href=\"{0}.png\"", figure.name)), "{}", figure.name);
    }
    for outside in ["src=", "@import", "url(", "<link rel=\"stylesheet\""] {
        assert!(!page.contains(outside), "{outside}");
    }
}
