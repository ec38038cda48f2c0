//! Nets with random mistakes.

use std::iter::repeat_n;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::random::Random;

/// Nets that use everything in the language.
const NETS: &[&str] = &[
    "/// A net.
    #[allow(dead_code)]
    pub LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        tap features;
        conv2: conv(16, 5 x 5, stride = 1, bias = false) -> batch_norm(eps = 1e-3) -> tanh -> max_pool(2, ceil = true);
        aux head(weight = 0.3) { global_avg_pool; linear(10); };
        fc1: linear(120) -> prelu -> dropout(0.5);
        linear(10) -> softmax;
    }",
    "block fire(squeeze, expand = 4 * squeeze, pad = (squeeze - 1) / 7) {
        s: conv(squeeze, 1x1) -> relu;
        concat {
            a: conv(expand, 1x1) -> relu;
            b: conv(expand, 3x3, pad = same, groups = 2) -> leaky_relu(0.1);
            conv(2, 3x1, pad = (1, 0)) -> { lrn(size = 3, alpha = 0.1, beta = 0.75, k = 1); };
        } -> identity;
    }
    Squeeze: 3x24x20 -> 7 {
        fire(4) -> [fire(8, pad = 1); 2];
        layer: { fire(squeeze = 4, expand = 8); fire(2); };
        mul { skip; global_avg_pool -> s: conv(18, 1x1) -> sigmoid; };
        add { skip; x: conv(18, 3x3, pad = 2, dilation = 2); skip -> relu; } -> linear(7);
    }
    const WIDE = 3x3;
    block up(other, act = relu, size = WIDE, bias = true) { concat { skip; from other -> act; } -> conv(4, size, pad = same, bias = bias); }
    Crossed: 4x9x9 -> 4x9x9 { keep a; \"b-1\": relu; keep b; 3: up(a) -> ..up(b, leaky_relu(0.1), 1); add { from a; skip; }; }
    Other: 9 -> 3x3x1 { [a1..: { linear(9) -> elu(1); }; 3]; linear(12) -> linear(4); }",
];

/// Tokens to put in.
const TOKENS: &[&str] = &[
    "0",
    "1",
    "-",
    "3x3",
    "0x3",
    "x",
    "16777216",
    "99999999999",
    "99999999999999999999",
    "0.5",
    "1e400",
    "5u8",
    "\"s\"",
    "'c'",
    ";",
    ",",
    ":",
    "->",
    "=>",
    "=",
    "#",
    "::",
    "..",
    "skip",
    "keep",
    "from",
    "from a",
    "keep a",
    "const",
    "..",
    "add",
    "concat",
    "tap",
    "aux",
    "block",
    "fire",
    "conv",
    "same",
    "true",
    "type",
    "r#fn",
    "_",
    "pub",
    "linear",
    "flatten",
    "weight",
    "()",
    "{}",
    "[]",
    "(3, 4)",
    "[relu; 2]",
    "#[weights(\"none\")]",
    "squeeze",
    "*",
    "/",
    "%",
    "global_max_pool",
    "LeNet5",
    "w",
    "rt",
    "usize",
    "Result",
    "LeNet5Weights",
    "1e39",
    "-1e39",
    "1e-50",
    "0.5x3",
    "1 / 3",
    "/ 0",
    "% squeeze",
    "x 3",
    "9223372036854775807",
    "- 9223372036854775807 - 1",
    "4294967295",
    "a4294967295..: relu",
    "_: relu",
    "graph: conv(4, 1)",
    "1x1x1",
    "16777216x1x1",
    "[conv(16777216, 1); 9999]",
    "[{}; 10000]",
    "stride = 16777216",
    "pad = 16777216",
    "weight = w",
    "-> softmax",
    "tap type",
    "tap r#type",
    "aux a(weight = 1 / 3) { relu; }",
    "concat { skip; skip; }",
    "mul { skip; global_avg_pool; }",
    "A = LeNet5;",
    "block b(n = n) { b(n); }",
    "#[batch(1024)]",
    "#[batch(w)]",
    "#[store(f16)]",
    "#[algorithm(exact)]",
    "#[algorithm(folded)]",
    "#[cfg(any())]",
    "#![crate = \"a::b\"]",
];

/// Makes sources, always the same ones from the same seed.
pub(crate) struct Fuzzer {
    random: Random,
}

impl Fuzzer {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random(seed) }
    }

    /// A net with one to four random changes.
    pub(crate) fn source(&mut self) -> String {
        let mut tokens: TokenStream = NETS[self.below(NETS.len())].parse().unwrap_or_default();
        for _ in 0..=self.below(4) {
            tokens = self.mutate(tokens);
        }
        tokens.to_string()
    }

    /// Drops, doubles, swaps, replaces, inserts, repeats or wraps a token, here or within brackets.
    fn mutate(&mut self, tokens: TokenStream) -> TokenStream {
        let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
        if tokens.is_empty() {
            return TOKENS[self.below(TOKENS.len())].parse().unwrap_or_default();
        }
        let at = self.below(tokens.len());
        if let TokenTree::Group(group) = &tokens[at]
            && self.below(8) > 0
        {
            tokens[at] = Group::new(group.delimiter(), self.mutate(group.stream())).into();
            return tokens.into_iter().collect();
        }
        let new = TOKENS[self.below(TOKENS.len())].parse::<TokenStream>().unwrap_or_default();
        match self.below(20) % 7 {
            0 => drop(tokens.remove(at)),
            1 => tokens.insert(at, tokens[at].clone()),
            2 => {
                let other = self.below(tokens.len());
                tokens.swap(at, other);
            }
            3 => drop(tokens.splice(at..=at, new)),
            4 => {
                let times = self.below(300);
                drop(tokens.splice(at..at, repeat_n(new, times).flatten()));
            }
            5 => {
                let delimiter = [Delimiter::Brace, Delimiter::Bracket, Delimiter::Parenthesis][self.below(3)];
                let deepest = [3, 120][self.below(2)];
                for _ in 0..self.below(deepest) {
                    tokens[at] = Group::new(delimiter, tokens[at].clone().into()).into();
                }
            }
            _ => drop(tokens.splice(at..at, new)),
        }
        tokens.into_iter().collect()
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end)
    }
}
