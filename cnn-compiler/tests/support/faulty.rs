//! Random nets whose layers fit each other, and the same nets with mistakes that people make.

use crate::random::Random;

/// Makes nets, always the same ones from the same seed.
pub(crate) struct Nets {
    random: Random,
    /// Channels and size of the output so far.
    channels: usize,
    size: usize,
    names: usize,
}

impl Nets {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let (channels, size) = ([1, 3, 4, 8][random.below(4)], 4 + random.below(30));
        Self { random, channels, size, names: 0 }
    }

    /// A net with one or two faults.
    pub(crate) fn faulty(&mut self) -> String {
        let mut source = self.net();
        for _ in 0..=self.random.below(2) {
            source = self.fault(&source);
        }
        source
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.random.below(all.len())]
    }

    /// A new name in every call.
    fn name(&mut self) -> String {
        self.names += 1;
        format!("n{}", self.names)
    }

    fn net(&mut self) -> String {
        let input = format!("{}x{}x{}", self.channels, self.size, self.size + self.random.below(2));
        let mut body = String::new();
        for _ in 0..1 + self.random.below(4) {
            body += &self.statement();
        }
        let block =
            "block wide(width, window = 3) { c: conv(width, window, pad = window / 2) -> n: batch_norm -> relu; }";
        format!("{block}\nNet: {input} -> 10 {{\n{body}    fc: linear(10) -> softmax;\n}}")
    }

    fn statement(&mut self) -> String {
        let steps: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.step()).collect();
        format!("    {};\n", steps.join(" -> "))
    }

    fn step(&mut self) -> String {
        match self.random.below(12) {
            0..=2 => self.conv(),
            3 if self.size > 3 => {
                self.size /= 2;
                format!("{}(2x2)", self.pick(&["max_pool", "avg_pool"]))
            }
            4 => format!("{}(3x3, stride = 1, pad = 1)", self.pick(&["max_pool", "avg_pool"])),
            5 => format!("{}: batch_norm(eps = 1e-3)", self.name()),
            6 => self.pick(&["relu", "tanh", "dropout(0.5)", "leaky_relu(0.1)", "lrn(size = 5)"]).to_owned(),
            7 => self.residual(),
            8 => {
                let (a, b) = (self.name(), self.name());
                let channels = self.channels;
                self.channels = 2 * channels + 4;
                format!(
                    "concat {{ {a}: conv({channels}, 1x1); {b}: conv(4, 5x5, pad = 2) -> relu; max_pool(3x3, stride = 1, pad = 1); }}"
                )
            }
            9 => {
                format!("mul {{ skip; global_avg_pool -> {}: conv({}, 1x1) -> sigmoid; }}", self.name(), self.channels)
            }
            10 => {
                self.channels = 4 + self.random.below(8);
                format!("{}: wide({})", self.name(), self.channels)
            }
            _ => {
                let inner = self.conv();
                format!("{{ {inner}; relu; }}")
            }
        }
    }

    fn conv(&mut self) -> String {
        let name = self.name();
        self.channels = [4, 6, 8, 12][self.random.below(4)];
        let kernel = [1, 3, 5][self.random.below(3)];
        if self.random.below(3) == 0 && self.size > 8 {
            self.size = (self.size - 1) / 2 + 1;
            return format!("{name}: conv({}, {kernel}x{kernel}, stride = 2, pad = {})", self.channels, kernel / 2);
        }
        format!("{name}: conv({}, {kernel}x{kernel}, pad = {})", self.channels, kernel / 2)
    }

    fn residual(&mut self) -> String {
        let (a, b, c) = (self.name(), self.name(), self.channels);
        format!("add {{ {a}: conv({c}, 3x3, pad = 1) -> relu -> {b}: conv({c}, 3x3, pad = 1); skip; }}")
    }

    /// Replaces one occurrence of a text, chosen at random.
    fn replace_one(&mut self, source: &str, from: &str, to: &str) -> String {
        let places: Vec<usize> = source.match_indices(from).map(|(place, _)| place).collect();
        if places.is_empty() {
            return source.to_owned();
        }
        let place = places[self.random.below(places.len())];
        format!("{}{to}{}", &source[..place], &source[place + from.len()..])
    }

    fn fault(&mut self, source: &str) -> String {
        const FAULTS: &[(&str, &str)] = &[
            (", pad = 1", ""),
            (", pad = 2", ""),
            ("pad = 1", "pad = 3"),
            ("pad = 2", "pad = 9"),
            ("stride = 2", "stride = 3"),
            ("stride = 1, ", ""),
            ("stride = 2", "2"),
            ("stride = ", ""),
            ("stride", "strides"),
            ("pad", "padding"),
            ("3x3", "3"),
            ("3x3", "7x7"),
            ("3x3", "16x16"),
            ("5x5", "9x3"),
            ("2x2", "33x33"),
            ("2x2", "3x3, dilation = 5"),
            ("3x3", "3x3, dilation = 9"),
            ("conv(4, ", "conv(5, "),
            ("conv(8, ", "conv(8, groups = 3, size = "),
            ("conv(", "conv(3, "),
            ("conv(", "Conv2d(8, "),
            ("conv(", "cnov("),
            ("max_pool(", "MaxPool2d(kernel_size = "),
            ("batch_norm(", "batch_norm(8, "),
            ("batch_norm", "BatchNorm2d"),
            ("relu", "ReLU(inplace = true)"),
            ("relu", "max_pool(2x2)"),
            ("relu", "flatten"),
            ("relu", "global_avg_pool"),
            ("skip", "skip -> max_pool(2x2)"),
            ("skip", "skip -> relu6(true)"),
            ("skip; ", "skip; skip -> w: conv(7, 1x1); "),
            ("linear(10)", "linear(100, 10)"),
            ("linear(10)", "linear(11)"),
            ("linear(10) ->", "flatten ->"),
            ("fc: linear(10) -> softmax;", ""),
            ("-> 10", "-> 12"),
            ("-> 10", "-> 1x10"),
            ("dropout(0.5)", "dropout(1.5)"),
            ("dropout(0.5)", "dropout(0.5, inplace = true)"),
            ("(0.1)", "(0.1, true)"),
            ("size = 5", "5"),
            ("wide(width", "wide(widht"),
            ("wide(", "wide(with = "),
            ("window / 2", "0"),
            ("eps = 1e-3", "1e-3"),
        ];
        let (from, to) = FAULTS[self.random.below(FAULTS.len())];
        self.replace_one(source, from, to)
    }
}
