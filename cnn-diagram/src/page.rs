//! What pages have in common: style, colours, switches, links, and a panel with details of a part of a drawing.

use crate::theme::{Kind, Paint, Property, Theme, rules};

/// The style sheet of pages.
const STYLE: &str = include_str!("page/style.css");
/// The behaviour of their buttons.
const SCRIPT: &str = include_str!("page/script.js");

/// A page that loads no other file.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) intro: &'a str,
    /// Levels of detail, the first of which is visible initially; without any, there is no switch.
    pub(crate) details: &'a [&'a str],
    /// The initial theme.
    pub(crate) theme: Theme,
    pub(crate) links: &'a [Link<'a>],
    /// Sections, as HTML.
    pub(crate) main: &'a str,
}

/// A link to a section.
pub(crate) struct Link<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
}

impl Page<'_> {
    pub(crate) fn write(&self) -> String {
        let link = |link: &Link<'_>| format!("<a href=\"#{}\">{}</a>\n", escaped(link.id), escaped(link.name));
        let detail = self.details.first().map(|detail| format!(" data-detail=\"{detail}\"")).unwrap_or_default();
        let theme = self.theme.name();
        let themes = [Theme::Auto, Theme::Light, Theme::Dark].map(Theme::name);
        let switches = switch("detail", "Detail", self.details, self.details.first())
            + &switch("theme", "Theme", &themes, Some(&theme));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"{detail} data-theme=\"{theme}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
             <title>{title}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p>{}</p>\n</header>\n\
             <div class=\"switches\">\n{switches}</div>\n<nav>\n{}</nav>\n<main>\n{}</main>\n{PANEL}<script>\n{SCRIPT}</script>\n\
             </body>\n</html>\n",
            colours(),
            escaped(self.intro),
            self.links.iter().map(link).collect::<String>(),
            self.main,
            title = escaped(self.title),
        )
    }
}

const PANEL: &str = "<aside id=\"panel\" hidden aria-live=\"polite\"><button type=\"button\" aria-label=\"close\">×</button>\
    <pre></pre></aside>\n";

/// Buttons, one of which is pressed; empty if there are none.
fn switch(id: &str, name: &str, values: &[&str], pressed: Option<&&str>) -> String {
    if values.is_empty() {
        return String::new();
    }
    let button = |value: &&str| {
        let is_pressed = Some(value) == pressed;
        format!("<button type=\"button\" data-value=\"{value}\" aria-pressed=\"{is_pressed}\">{value}</button>")
    };
    let buttons: String = values.iter().map(button).collect();
    format!("<fieldset id=\"{id}\"><legend>{name}</legend>{buttons}</fieldset>\n")
}

/// The colours of the page: its own as variables, and those of drawings for a theme that the reader chose.
fn colours() -> String {
    let paints = [Paint::Paper, Paint::Ink, Paint::Muted, Paint::Line, Paint::Frame, Paint::Accent];
    let variables = |dark: bool| -> String {
        let colour = |paint: Paint| paint.colours()[usize::from(dark)];
        paints.map(|paint| format!("--{}:{};", paint.key(), colour(paint))).concat()
    };
    let every = paints.into_iter().chain(Kind::ALL.map(Paint::Kind));
    let every: Vec<(Property, Paint)> =
        every.flat_map(|paint| [(Property::Fill, paint), (Property::Stroke, paint)]).collect();
    format!(
        ":root{{color-scheme:light dark;{light}}}\n@media(prefers-color-scheme:dark){{:root{{{dark}}}}}\n\
         :root[data-theme=light]{{color-scheme:light;{light}}}\n:root[data-theme=dark]{{color-scheme:dark;{dark}}}\n{}\n{}\n",
        rules(":root[data-theme=light] ", false, every.iter().copied()),
        rules(":root[data-theme=dark] ", true, every.iter().copied()),
        light = variables(false),
        dark = variables(true),
    )
}

/// A drawing as a part of a page. It is shown at its natural size, at which its text is readable, and scrolls if it is wider
/// than the page.
pub(crate) fn shown(drawing: &str) -> String {
    let size = drawing.split_once("viewBox=\"0 0 ").and_then(|(_, rest)| rest.split_once(' '));
    let width = size.map_or("100%".to_owned(), |(width, _)| format!("{width}px"));
    format!("<div class=\"scroll\" style=\"--natural:{width}\">\n{drawing}</div>\n")
}

/// Text as HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
