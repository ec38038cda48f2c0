//! A page of many nets: their drawings, a table that compares them, and details for each block.
//!
//! It is one file that loads nothing else, so it works from a disk.

mod table;

use cnn_net::graph::Graph;
use cnn_net::memory::Memory;

use crate::caption::legend_of;
use crate::draw::pill;
use crate::layout::{MARGIN, Rect, SMALL};
use crate::memory::memory;
use crate::net::svg;
use crate::options::{Detail, Options};
use crate::page::{Link, Page, escaped, shown};
use crate::sheet::{Shape, Sheet};
use crate::text::wrap;
use crate::theme::{Kind, Theme};

pub use table::table_markdown;

/// A net of a gallery.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its name for users, and the identifier of its section.
    pub name: &'a str,
    /// The declared net.
    pub graph: &'a Graph<'a>,
    /// Its workspace over time.
    pub memory: &'a Memory<'a>,
    /// Bytes of its workspace.
    pub workspace_bytes: usize,
    /// The year of its paper.
    pub year: u16,
    /// What was new in the paper.
    pub new: &'a str,
}

/// The page, with drawings made with these options, at both levels of detail.
#[must_use]
pub fn gallery(entries: &[Entry<'_>], options: &Options) -> String {
    let links: Vec<Link<'_>> = entries.iter().map(|entry| Link { id: entry.name, name: entry.name }).collect();
    let sections: String = entries.iter().map(|entry| section(entry, options)).collect();
    let main = format!(
        "<section id=\"table\">\n<h2>All architectures</h2>\n{}</section>\n\
         <section id=\"legend\">\n<h2>Legend</h2>\n{}</section>\n{sections}",
        table::table(entries),
        legend(options),
    );
    Page {
        title: "Convolutional networks",
        intro: "Drawn from their declarations. Choose a block to see what it is.",
        details: &["article", "full", "memory"],
        theme: Theme::Auto,
        links: &links,
        main: &main,
    }
    .write()
}

/// A net with all its drawings, one of which is visible.
fn section(entry: &Entry<'_>, options: &Options) -> String {
    let name = escaped(entry.name);
    let drawings = [Detail::Article, Detail::Full].map(|detail| {
        let drawing = svg(entry.graph, &Options { detail, theme: Theme::Auto, ..*options });
        figure(detail.name(), &name, &drawing)
    });
    let chart = memory(entry.graph, entry.memory, &Options { theme: Theme::Auto, ..*options });
    let paragraphs = entry.graph.doc.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    let doc: String = paragraphs.map(|paragraph| format!("<p>{}</p>\n", escaped(paragraph))).collect();
    format!(
        "<section id=\"{name}\" class=\"net\">\n<h2>{name}</h2>\n{}{}<details><summary>About</summary>\n{doc}</details>\n\
         </section>\n",
        drawings.concat(),
        figure("memory", &name, &chart),
    )
}

/// A drawing, with a link to it as a separate file.
fn figure(kind: &str, name: &str, drawing: &str) -> String {
    format!(
        "<figure class=\"{kind}\">\n{}<figcaption><a href=\"{name}-{kind}.svg\">{name}-{kind}.svg</a></figcaption>\n</figure>\n",
        shown(drawing),
    )
}

/// All kinds, and the letters of the usual functions.
fn legend(options: &Options) -> String {
    let most = options.width as f32;
    // The charts of the page are of inference.
    let kinds = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Gradient).collect();
    let (kinds, bottom) = legend_of(&kinds, most, 12.0);
    let letter = crate::model::Letter { kind: Kind::Activation, short: "R", long: "" };
    let at = Rect { x: 16.0, y: bottom - 6.0, width: 14.0, height: 13.0 };
    let note =
        "letters on a block are the functions and normalisations after it: R is ReLU, T tanh, S softmax, BN batch norm";
    let mut shapes = vec![kinds, pill(&letter, at)];
    let mut y = bottom + 4.0;
    for line in wrap(note, SMALL, most - 36.0 - MARGIN) {
        shapes.push(Shape::text(36.0, y, SMALL, line));
        y += 13.0;
    }
    shown(&Sheet { title: "Legend", size: [most, y], width: most, theme: Theme::Auto }.write(shapes))
}
