//! Random nets of the structures that names tell about: groups, blocks with parameters, repeats, merges, taps and classifiers.
//! Values are vectors of four features almost everywhere, so that any step can follow any other.

use std::fmt::Write as _;

use crate::random::Random;

/// How deeply groups and merges are nested.
const DEEPEST: usize = 2;

/// A body under construction.
struct Body<'r> {
    random: &'r mut Random,
    /// Names of steps, each given once.
    names: usize,
    /// The blocks that may be called, which are those before this one.
    blocks: usize,
    /// Numbers: a parameter in blocks.
    number: &'static str,
    /// Whether taps and classifiers may be here.
    aside: bool,
}

/// Three blocks and a net, which may have a mistake: without names, layers of different branches may get the same one.
pub(crate) fn net(seed: u64) -> String {
    let random = &mut Random(seed);
    let mut text = String::new();
    for blocks in 0..3 {
        let body = Body { random, names: 0, blocks, number: "n", aside: true }.statements(0);
        let _ = writeln!(text, "block block{blocks}(n, rest = n + 1) {{ {body} }}");
    }
    let body = Body { random, names: 0, blocks: 3, number: "3", aside: true }.statements(0);
    let _ = write!(text, "Net: 4 -> 4 {{ {body} linear(4); }}");
    text
}

impl Body<'_> {
    fn statements(&mut self, depth: usize) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.random.below(4) {
            let chain: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.step(depth)).collect();
            let _ = write!(text, "{}; ", chain.join(" -> "));
            match self.random.below(12) {
                0 | 1 if self.aside => {
                    let _ = write!(text, "tap t{}; ", self.next());
                }
                2 if self.aside => {
                    self.aside = false;
                    let (name, weight) = (self.next(), self.random.below(9));
                    let body = self.statements(depth + 1);
                    self.aside = true;
                    let _ = write!(text, "aux a{name}(weight = {weight} / {}) {{ {body} }}; ", self.number);
                }
                _ => {}
            }
        }
        text
    }

    fn next(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    fn step(&mut self, depth: usize) -> String {
        let name = self.random.below(2) == 0;
        let (kind, is_repeat) = match self.random.below(10) {
            0 | 1 if depth < DEEPEST => (self.merge(depth + 1), false),
            2 if depth < DEEPEST => (format!("{{ {} }}", self.statements(depth + 1)), false),
            3 if self.blocks > 0 => (self.call(), false),
            4 => (self.repeat(depth), true),
            5 => ("{}".to_owned(), false),
            _ => (self.layer(), false),
        };
        match (name, self.random.below(2)) {
            (true, 0) if is_repeat && !kind.contains(':') => kind.replacen('[', &format!("[r{}x1..: ", self.next()), 1),
            (true, _) => format!("s{}: {kind}", self.next()),
            (false, _) => kind,
        }
    }

    fn merge(&mut self, depth: usize) -> String {
        let kind = ["add", "mul", "concat"][self.random.below(3)];
        let mut text = format!("{kind} {{ ");
        for _ in 0..2 + self.random.below(2) {
            let chain: Vec<String> = (0..1 + self.random.below(2)).map(|_| self.step(depth)).collect();
            let skip = ["", "", "skip -> "][self.random.below(3)];
            let branch = if self.random.below(3) == 0 { "skip".to_owned() } else { chain.join(" -> ") };
            let _ = write!(text, "{}{branch}; ", if branch == "skip" { "" } else { skip });
        }
        let name = self.next();
        if kind == "concat" { format!("{{ {text} }} -> m{name}: linear(4); }}") } else { text + "}" }
    }

    fn call(&mut self) -> String {
        let block = self.random.below(self.blocks);
        let number = 1 + self.random.below(3);
        match self.random.below(3) {
            0 => format!("block{block}({})", self.number),
            1 => format!("block{block}({number}, rest = {})", self.number),
            _ => format!("block{block}({number})"),
        }
    }

    /// Copies of a step without a name.
    fn repeat(&mut self, depth: usize) -> String {
        let step = match self.random.below(3) {
            0 if depth < DEEPEST => format!("{{ {} }}", self.statements(depth + 1)),
            1 if self.blocks > 0 => self.call(),
            _ => self.layer(),
        };
        let count = match self.random.below(2) {
            0 => self.number.to_owned(),
            _ => (1 + self.random.below(3)).to_string(),
        };
        format!("[{step}; {count}]")
    }

    fn layer(&mut self) -> String {
        match self.random.below(8) {
            0 => "linear(4)".to_owned(),
            1 => format!("{{ linear(4 * {}) -> linear(4); }}", self.number),
            2 => format!("dropout({} / 4)", self.number),
            3 => "batch_norm(eps = 1e-6)".to_owned(),
            4 => format!("leaky_relu(-{})", self.number),
            5 => "selu(alpha = 1e12, gamma = -0.000123)".to_owned(),
            6 => "tanh".to_owned(),
            _ => "relu".to_owned(),
        }
    }
}
