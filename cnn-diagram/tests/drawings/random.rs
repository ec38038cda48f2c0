//! Random nets with everything that the language nests, drawn in random ways.
//!
//! Each run draws different nets. To repeat a failure, set `PICTURES_SEED` to the number that it prints.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use cnn_compiler::report::Report;
use cnn_diagram::{Detail, Options, Theme, svg};
use cnn_net::graph::Graph;
use roxmltree::Document;

use super::{follow, layout};

const NETS: u64 = 120;
/// The filters of most layers, equal so that branches can be added.
const CHANNELS: usize = 4;

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// Writes a declaration.
struct Writer {
    random: Random,
    /// The number of names so far.
    names: usize,
    /// The declared blocks, each with whether something leaves inside.
    blocks: Vec<(String, bool)>,
}

/// The surroundings of a statement.
#[derive(Clone, Copy)]
struct Place {
    /// How deep it may nest further.
    depth: usize,
    /// Whether taps and auxiliary classifiers may leave.
    leaves: bool,
    /// Whether it is directly in a branch. Numbers there count through the merge, so a step may have another one's number.
    in_branch: bool,
}

impl Writer {
    fn name(&mut self) -> String {
        self.names += 1;
        let stem = self.random.pick(&["c", "conv", "layer1_", "a_name_that_is_rather_long_for_something_so_small"]);
        format!("{stem}{}x", self.names)
    }

    /// A step under a name, or under a number if that is unique.
    fn named(&mut self, step: &str, place: Place) -> String {
        let is_named = place.in_branch || self.random.below(2) == 0;
        if is_named { format!("{}: {step}", self.name()) } else { step.to_owned() }
    }

    /// Layers that keep the shape of maps.
    fn layer(&mut self, place: Place) -> String {
        let layers = self.random.pick(&[
            "conv(4, 3x3, pad = 1)",
            "conv(4, 3x3, pad = 1)",
            "conv(4, 1x1)",
            "conv(4, 5x3, pad = same, dilation = 2 x 1, groups = 2, bias = false)",
            "max_pool(3x3, stride = 1, pad = 1)",
            "avg_pool(3x3, stride = 1, pad = 1)",
            "lrn",
            "batch_norm",
            "relu",
            "gelu -> dropout",
            "dropout",
            "identity",
            "softmax",
            "prelu",
        ]);
        layers.split(" -> ").map(|layer| self.named(layer, place)).collect::<Vec<_>>().join(" -> ")
    }

    fn merge(&mut self, place: Place) -> String {
        let kind = self.random.pick(&["add", "mul", "concat"]);
        let count = 2 + self.random.below(3);
        let (branch, inside) = (Place { in_branch: true, ..place }, Place { in_branch: false, ..place });
        let mut text = format!("{kind} {{ ");
        for _ in 0..count {
            let branch = match self.random.below(6) {
                0 => "skip".to_owned(),
                1 => format!("skip -> {}", self.layer(branch)),
                2 if place.depth > 0 => format!("{}: {{ {} }}", self.name(), self.body(inside)),
                3 if place.depth > 0 => format!("{} -> {}", self.layer(branch), self.step(branch)),
                _ => self.layer(branch),
            };
            let _ = write!(text, "{branch}; ");
        }
        text.push('}');
        let merge = self.named(&text, place);
        if kind == "concat" { format!("{merge} -> {}: conv({CHANNELS}, 1x1)", self.name()) } else { merge }
    }

    fn step(&mut self, place: Place) -> String {
        let deeper = Place { depth: place.depth.saturating_sub(1), ..place };
        let inside = Place { in_branch: false, ..deeper };
        match self.random.below(12) {
            0 | 1 if place.depth > 0 => self.merge(deeper),
            2 | 3 if place.depth > 0 => {
                let repeat = format!("[{}; {}]", self.repeated(inside), 2 + self.random.below(5));
                self.named(&repeat, place)
            }
            4 if place.depth > 0 => format!("{}: {{ {} }}", self.name(), self.body(inside)),
            5..=7 => match self.call(place) {
                Some(call) => self.named(&call, place),
                None => self.layer(place),
            },
            _ => self.layer(place),
        }
    }

    /// Something that may be repeated: a step without a name.
    fn repeated(&mut self, place: Place) -> String {
        match self.random.below(3) {
            0 => self.call(place).unwrap_or_else(|| "relu".to_owned()),
            1 => "conv(4, 3x3, pad = 1)".to_owned(),
            _ => format!("{{ {} }}", self.body(place)),
        }
    }

    fn call(&mut self, place: Place) -> Option<String> {
        let blocks = self.blocks.iter().filter(|(_, leaves)| place.leaves || !leaves);
        let blocks: Vec<String> = blocks.map(|(name, _)| name.clone()).collect();
        (!blocks.is_empty()).then(|| format!("{}({CHANNELS})", blocks[self.random.below(blocks.len())]))
    }

    /// A few statements.
    fn body(&mut self, place: Place) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.random.below(3) {
            let _ = match self.random.below(8) {
                0 if place.leaves => write!(text, "tap {}; ", self.name()),
                1 if place.leaves => write!(text, "{} ", self.aux()),
                _ => write!(text, "{}; ", self.step(place)),
            };
        }
        // Something leaves at the end, or a layer follows.
        if !text.contains("; ") || self.random.below(3) > 0 {
            let _ = write!(text, "{};", self.layer(place));
        }
        text
    }

    fn aux(&mut self) -> String {
        let (name, inside) = (self.name(), Place { depth: 1, leaves: false, in_branch: false });
        let begins = if self.random.below(2) == 0 { String::new() } else { format!("{}; ", self.step(inside)) };
        let ends = self.random.pick(&["linear(3)", "global_avg_pool -> linear(10) -> softmax", "flatten -> linear(5)"]);
        format!("aux {name}(weight = 0.{}) {{ {begins}{ends}; }};", 1 + self.random.below(9))
    }

    fn net(mut self) -> String {
        let mut declared = String::new();
        for index in 0..self.random.below(4) {
            let leaves = self.random.below(3) == 0;
            let name = format!(
                "{}_{index}",
                self.random.pick(&["block", "unit", "a_block_of_a_net_with_a_name_of_many_words"])
            );
            let body = self.body(Place { depth: 1, leaves, in_branch: false });
            let _ = writeln!(declared, "block {name}(n) {{ conv(n, 1x1); {body} }}");
            self.blocks.push((name, leaves));
        }
        let place = Place { depth: 2, leaves: true, in_branch: false };
        let mut body = format!("first: conv({CHANNELS}, 3x3, pad = 1); ");
        for _ in 0..1 + self.random.below(3) {
            let _ = write!(body, "{} ", self.body(place));
            if self.random.below(3) == 0 {
                let _ = write!(body, "max_pool(2x2); ");
            }
        }
        let tail = self.random.pick(&["flatten -> fc: linear(3)", "fc: linear(3); tap logits; softmax"]);
        format!("{declared}\nNet: 3x16x16 -> 3 {{ {body} {tail}; }}")
    }
}

/// The declaration for a seed.
pub(crate) fn declaration(seed: u64) -> String {
    Writer { random: Random(seed), names: 0, blocks: Vec::new() }.net()
}

/// Passes the description of the net in a source to `read`.
pub(crate) fn described(source: &str, doc: &str, read: impl FnOnce(&Graph<'_>)) {
    let mut report = Report::default();
    let ast = cnn_compiler::parse::parse(source.parse().expect("tokens"), &mut report);
    let name = ast.nets[0].name.to_string();
    let plan = cnn_compiler::plan_net(&ast.nets[0], &ast, &mut report);
    if let Some(errors) = report.into_error() {
        panic!("{source}\n{}", errors.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("\n"));
    }
    plan.expect("a net without mistakes has a plan").describe(&name, doc, read);
}

/// Draws a net and checks everything that must hold for any drawing.
pub(crate) fn check(what: &str, graph: &Graph<'_>, options: &Options) {
    let text = svg(graph, options);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{what}: {error}"));
    layout::check(what, &document);
    follow::check(what, graph, options.detail, &document);
}

pub(crate) fn draw(seed: u64) {
    let source = declaration(seed);
    let mut random = Random(!seed);
    described(&source, "A net (nobody, 2024), drawn at random: it is not good at anything.", |graph| {
        for detail in [Detail::Article, Detail::Full] {
            for unfold in [false, true] {
                let width = [320, 420, 600, 760, 1100, 2000][random.below(6)];
                let theme = [Theme::Auto, Theme::Light, Theme::Dark][random.below(3)];
                let options = Options { detail, width, theme, unfold };
                check(&format!("PICTURES_SEED={seed}: {options:?} of\n{source}\n"), graph, &options);
            }
        }
    });
}

#[test]
fn random_nets_are_drawn_correctly() {
    if let Ok(seed) = std::env::var("PICTURES_SEED") {
        return draw(seed.parse().expect("PICTURES_SEED is a number"));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64);
    for net in 0..NETS {
        draw(now.wrapping_add(net.wrapping_mul(1_000_003)));
    }
}
