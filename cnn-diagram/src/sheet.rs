//! Writing SVG: shapes that know their paints, and the sheet that turns paints into attributes, which every program reads, and
//! into a style sheet for readers who prefer a dark page.
//!
//! The crate `svg` writes and escapes. It sorts attributes by name, so the same shapes give the same bytes.

use std::collections::BTreeSet;

use svg::node::element::Element;
use svg::node::{Node as _, Text};

use crate::text::FONT;
use crate::theme::{Paint, Property, Theme, rules};

/// An element of a drawing.
#[derive(Clone, Debug)]
pub struct Shape {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    paints: Vec<(Property, Paint)>,
    content: Option<String>,
    children: Vec<Shape>,
}

/// A coordinate or a length, to a tenth of a pixel.
#[must_use]
pub fn px(value: f32) -> String {
    // Adding 0 turns -0 into 0.
    ((value * 10.0).round() / 10.0 + 0.0).to_string()
}

impl Shape {
    fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), paints: Vec::new(), content: None, children: Vec::new() }
    }

    /// A group.
    #[must_use]
    pub fn group() -> Self {
        Self::new("g")
    }

    /// A rectangle.
    #[must_use]
    pub fn rect(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self::new("rect").set("x", px(x)).set("y", px(y)).set("width", px(width)).set("height", px(height))
    }

    /// A circle.
    #[must_use]
    pub fn circle(x: f32, y: f32, radius: f32) -> Self {
        Self::new("circle").set("cx", px(x)).set("cy", px(y)).set("r", px(radius))
    }

    /// A path; not filled unless [`fill`](Self::fill) says so.
    pub fn path(data: impl Into<String>) -> Self {
        Self::new("path").set("d", data.into())
    }

    /// Text that begins at a point on its base line.
    pub fn text(x: f32, y: f32, size: f32, content: impl Into<String>) -> Self {
        let text = Self::new("text").set("x", px(x)).set("y", px(y)).set("font-size", px(size)).fill(Paint::Ink);
        Self { content: Some(content.into()), ..text }
    }

    /// A tooltip for the group that it is added to.
    fn title(content: impl Into<String>) -> Self {
        Self { content: Some(content.into()), ..Self::new("title") }
    }

    /// Sets an attribute.
    pub fn set(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// Paints the inside.
    #[must_use]
    pub fn fill(mut self, paint: Paint) -> Self {
        self.paints.retain(|(property, _)| *property != Property::Fill);
        self.paints.push((Property::Fill, paint));
        self
    }

    /// Paints the outline.
    #[must_use]
    pub fn stroke(mut self, paint: Paint, width: f32) -> Self {
        self.paints.push((Property::Stroke, paint));
        self.set("stroke-width", px(width))
    }

    /// Rounds the corners of a rectangle.
    #[must_use]
    pub fn rounded(self, radius: f32) -> Self {
        self.set("rx", px(radius))
    }

    /// Dashes the outline.
    #[must_use]
    pub fn dashed(self) -> Self {
        self.set("stroke-dasharray", "4 3")
    }

    /// Centres a text on its point.
    #[must_use]
    pub fn centred(self) -> Self {
        self.set("text-anchor", "middle")
    }

    /// Makes a text end at its point.
    #[must_use]
    pub fn ending(self) -> Self {
        self.set("text-anchor", "end")
    }

    /// Makes a text bold.
    #[must_use]
    pub fn bold(self) -> Self {
        self.set("font-weight", "bold")
    }

    /// Moves a shape.
    #[must_use]
    pub fn moved(self, x: f32, y: f32) -> Self {
        self.set("transform", format!("translate({} {})", px(x), px(y)))
    }

    /// Gives a group a tooltip.
    pub fn tip(self, content: impl Into<String>) -> Self {
        self.with(Self::title(content))
    }

    /// Adds a shape to a group.
    #[must_use]
    pub fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Adds shapes to a group.
    pub fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Collects the paints of this shape and of those in it.
    fn collect(&self, paints: &mut BTreeSet<(Property, Paint)>) {
        paints.extend(&self.paints);
        self.children.iter().for_each(|child| child.collect(paints));
    }

    fn element(self, theme: Theme) -> Element {
        let mut element = Element::new(self.name);
        for (name, value) in self.attributes {
            element.assign(name, value);
        }
        let mut classes: Vec<String> =
            element.get_attributes().get("class").map(|c| c.to_string()).into_iter().collect();
        for (property, paint) in &self.paints {
            element.assign(property.name(), paint.fallback(theme));
            classes.push(property.class(*paint));
        }
        if theme == Theme::Auto && !classes.is_empty() {
            element.assign("class", classes.join(" "));
        }
        // By default, SVG fills shapes with black.
        if self.name != "g" && self.content.is_none() && !self.paints.iter().any(|(p, _)| *p == Property::Fill) {
            element.assign("fill", "none");
        }
        if let Some(content) = self.content {
            element.append(Text::new(content));
        }
        for child in self.children {
            element.append(child.element(theme));
        }
        element
    }
}

/// A whole drawing.
pub struct Sheet<'a> {
    /// What it shows, for screen readers.
    pub title: &'a str,
    /// The size of the content.
    pub size: [f32; 2],
    /// The width at which it is shown.
    pub width: f32,
    /// Its colours.
    pub theme: Theme,
}

impl Sheet<'_> {
    /// The drawing as an SVG file.
    #[must_use]
    pub fn write(&self, shapes: Vec<Shape>) -> String {
        let [width, height] = self.size;
        let mut paints = BTreeSet::new();
        let page = Shape::rect(0.0, 0.0, width, height).fill(Paint::Paper);
        let shapes: Vec<Shape> = std::iter::once(page).chain(shapes).collect();
        shapes.iter().for_each(|shape| shape.collect(&mut paints));

        let mut svg = Element::new("svg");
        svg.assign("xmlns", "http://www.w3.org/2000/svg");
        svg.assign("viewBox", format!("0 0 {} {}", px(width), px(height)));
        svg.assign("width", px(self.width));
        svg.assign("height", px(height * self.width / width));
        svg.assign("font-family", FONT);
        svg.assign("role", "img");
        svg.append(Shape::title(self.title).element(self.theme));
        if self.theme == Theme::Auto {
            let mut style = Element::new("style");
            style.append(Text::new(format!("@media(prefers-color-scheme:dark){{{}}}", rules("", true, paints))));
            svg.append(style);
        }
        for shape in shapes {
            svg.append(shape.element(self.theme));
        }
        format!("{svg}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(theme: Theme) -> String {
        let shapes = vec![
            Shape::group().tip("a < b & c").with(Shape::circle(1.25, -0.0, 2.0).stroke(Paint::Ink, 1.0)),
            Shape::text(0.0, 9.0, 10.0, "5 > 3"),
        ];
        Sheet { title: "Test", size: [20.0, 10.0], width: 40.0, theme }.write(shapes)
    }

    #[test]
    fn attributes_are_the_fallback_of_the_style_sheet() {
        let auto = sheet(Theme::Auto);
        assert!(
            auto.contains("<circle class=\"s-ink\" cx=\"1.3\" cy=\"0\" fill=\"none\" r=\"2\" stroke=\"#15181c\""),
            "{auto}"
        );
        assert!(auto.contains("@media(prefers-color-scheme:dark){.f-paper{fill:#15181c}"), "{auto}");
        let dark = sheet(Theme::Dark);
        assert!(dark.contains("stroke=\"#f2f4f6\"") && !dark.contains("class=") && !dark.contains("<style"), "{dark}");
        assert!(!sheet(Theme::Light).contains("<style"));
    }

    #[test]
    fn text_is_escaped_and_sizes_scale() {
        let svg = sheet(Theme::Light);
        assert!(svg.contains("a &lt; b &amp; c") && svg.contains("5 &gt; 3"), "{svg}");
        assert!(svg.contains("height=\"20\"") && svg.contains("viewBox=\"0 0 20 10\""), "{svg}");
        assert_eq!(svg, sheet(Theme::Light));
    }
}
