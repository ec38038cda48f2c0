//! A page of figures. It is one file that loads nothing else, so it works from a disk.

use super::Figure;
use crate::page::{Link, Page, escaped, shown};
use crate::theme::Theme;

/// The page, with each figure and what it shows. It starts in this theme, and readers can choose another. `ending` is the
/// extension of the figures' files, which the page links to in its own folder.
#[must_use]
pub fn page(figures: &[Figure], theme: Theme, ending: &str) -> String {
    let links: Vec<Link<'_>> = figures.iter().map(|figure| Link { id: figure.name, name: figure.title }).collect();
    let sections: String = figures.iter().map(|figure| section(figure, ending)).collect();
    Page {
        title: "Convolutional networks, explained",
        intro: "Every number is computed by the functions that the compiler is tested against. Choose a part to see what it is.",
        details: &[],
        theme,
        links: &links,
        main: &sections,
    }
    .write()
}

fn section(figure: &Figure, ending: &str) -> String {
    let Figure { name, title, about, .. } = figure;
    format!(
        "<section id=\"{name}\">\n<h2>{}</h2>\n<p>{}</p>\n<figure>\n{}<figcaption><a href=\"{name}.{ending}\">{name}.{ending}\
         </a></figcaption>\n</figure>\n</section>\n",
        escaped(title),
        escaped(about),
        shown(&figure.svg(Theme::Auto)),
    )
}
